package tracing_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/tracing/tracingtest"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// parents are what each step of a capture belongs to.
var parents = map[string]string{
	"claim": "create acquisition", "run acquisition": "create acquisition", "capture": "run acquisition",
	"open": "capture", "join": "capture", "record": "capture", "measure": "capture", "store": "capture",
}

func TestTheTraceOfAnAcquisitionHasItsIdentityAndEachStepOfEachReceiver(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	tr := tracingTo(t, c.URL, "machine/1")
	good := r.add("pace=fast&seed=1", "pace=fast&seed=2")
	taskID := r.request(r.serve(tr), 200*time.Millisecond, good)
	stop := r.work(tr, "one", &sim.Driver{})
	if a, captures := r.await(taskID, ended); a.State != heimdall.Success {
		t.Fatalf("it is %s: %+v", a.State, captures)
	}
	stop()
	flush(t, tr)

	spans, trace := c.Spans(), traceOf(taskID)
	byID := map[string]tracingtest.Span{}
	count := map[string]int{}
	for _, s := range spans {
		if s.TraceID == trace {
			byID[s.ID] = s
			count[s.Name]++
		}
	}
	want := map[string]int{"create acquisition": 1, "claim": 1, "run acquisition": 1, "capture": 2, "open": 2, "join": 2, "record": 2, "measure": 2, "store": 2}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("spans of the trace (-want +got):\n%s", diff)
	}
	for _, s := range byID {
		parent, found := byID[s.ParentID]
		if found != (s.Name != "create acquisition") || parent.Name != parents[s.Name] {
			t.Errorf("%q belongs to %q, want %q", s.Name, parent.Name, parents[s.Name])
		}
		if s.Failed || s.Attributes["heimdall.acquisition"] != taskID {
			t.Errorf("%q says that it failed (%t: %s), and is of acquisition %v, want %s", s.Name, s.Failed, s.Failure, s.Attributes["heimdall.acquisition"], taskID)
		}
		if of := parent.Attributes["heimdall.websdr"]; parent.Name == "capture" && s.Attributes["heimdall.websdr"] != of {
			t.Errorf("%q of WebSDR %v belongs to the capture of %v", s.Name, s.Attributes["heimdall.websdr"], of)
		}
		want := map[string]any{"service.name": "heimdall", "service.version": "1.2.3", "service.instance.id": "machine/1"}
		if diff := cmp.Diff(want, s.Process); diff != "" {
			t.Errorf("who made %q (-want +got):\n%s", s.Name, diff)
		}
	}
	var of []any
	for _, s := range named(spans, trace, "capture") {
		of = append(of, s.Attributes["heimdall.websdr"])
	}
	if len(of) != 2 || of[0] == of[1] || of[0] != good[0] && of[0] != good[1] || of[1] != good[0] && of[1] != good[1] {
		t.Errorf("the captures are of WebSDRs %v, want %v", of, good)
	}
}

func TestTheStepInWhichAReceiverFailedSaysWhyAndNoLaterOneIsThere(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	tr := tracingTo(t, c.URL, "one")
	ids := r.add("pace=fast", "fault=auth")
	taskID := r.request(r.serve(tr), 200*time.Millisecond, ids)
	stop := r.work(tr, "one", &sim.Driver{})
	_, captures := r.await(taskID, ended)
	stop()
	flush(t, tr)

	steps := map[any][]string{}
	for _, s := range c.Spans() {
		id := s.Attributes["heimdall.websdr"]
		steps[id] = append(steps[id], s.Name)
		if failed := s.Name == "open" && id == ids[1]; s.Failed != failed || failed && s.Failure != captures[1].Reason {
			t.Errorf("%q of WebSDR %v failed %t, because %q; the capture says %q", s.Name, id, s.Failed, s.Failure, captures[1].Reason)
		}
	}
	if diff := cmp.Diff([]string{"open", "capture"}, steps[ids[1]]); diff != "" { // in the order in which they ended
		t.Errorf("steps of the receiver that failed (-want +got):\n%s", diff)
	}
	if len(steps[ids[0]]) != 6 {
		t.Errorf("the other receiver has %v, want all steps", steps[ids[0]])
	}
}

func TestAttemptsAtOneReceiverAreOneStepWhichDidNotFail(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	tr := tracingTo(t, c.URL, "one")
	taskID := r.request(r.serve(tr), 200*time.Millisecond, r.add("pace=fast&fault=transport&fault_count=1"))
	stop := r.work(tr, "one", &sim.Driver{})
	_, captures := r.await(taskID, ended)
	stop()
	flush(t, tr)
	if c := captures[0]; c.State != heimdall.Success || c.Attempts != 2 {
		t.Fatalf("the capture is %s after %d attempts: %s", c.State, c.Attempts, c.Reason)
	}
	opened := theOne(t, c.Spans(), traceOf(taskID), "open")
	if took := opened.End.Sub(opened.Begin); opened.Failed || took < time.Second { // waits before it tries again
		t.Errorf("opening took %v and failed %t (%s), want a success of both attempts and the wait between", took, opened.Failed, opened.Failure)
	}
	theOne(t, c.Spans(), traceOf(taskID), "store")
}

// A stuck receiver keeps whoever opens it waiting until they give up.
type stuck struct{ opening chan struct{} }

func (s stuck) Open(ctx context.Context, _ *heimdall.WebSDR, _ websdr.Tuning) (websdr.Stream, error) {
	close(s.opening)
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestAWorkerThatTakesAnAcquisitionOverGoesOnInItsTrace(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	server, one, two := tracingTo(t, c.URL, "server"), tracingTo(t, c.URL, "one"), tracingTo(t, c.URL, "two")
	taskID := r.request(r.serve(server), 200*time.Millisecond, r.add("pace=fast"))
	receiver := stuck{make(chan struct{})}
	stop := r.work(one, "one", receiver)
	<-receiver.opening
	stop() // in the midst, so that it is handed back
	stop = r.work(two, "two", &sim.Driver{})
	if a, captures := r.await(taskID, ended); a.State != heimdall.Success {
		t.Fatalf("it is %s: %+v", a.State, captures)
	}
	stop()
	for _, tr := range []interface{ Close(context.Context) error }{server, one, two} { // in this order they come
		if err := tr.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	spans, trace := c.Spans(), traceOf(taskID)
	root := theOne(t, spans, trace, "create acquisition")
	runs := named(spans, trace, "run acquisition")
	if len(runs) != 2 || len(named(spans, trace, "claim")) != 2 {
		t.Fatalf("the trace has %v, want two runs and two claims", names(spans))
	}
	for i, worker := range []string{"one", "two"} {
		got := []any{runs[i].ParentID, runs[i].Process["service.instance.id"], runs[i].Attributes["heimdall.worker"], runs[i].Attributes["heimdall.claims"], runs[i].Failed}
		if diff := cmp.Diff([]any{root.ID, worker, worker, int64(i + 1), worker == "one"}, got); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", i+1, diff)
		}
	}
	if stored := theOne(t, spans, trace, "store"); stored.Process["service.instance.id"] != "two" {
		t.Errorf("it was stored by %v, want two", stored.Process)
	}
}

func TestHowLongAnAcquisitionWaitedIsToldByItsClaim(t *testing.T) {
	t.Parallel()
	c := tracingtest.New(t)
	tr := tracingTo(t, c.URL, "one")
	a := heimdall.Acquisition{TaskID: uuid.NewString(), CreatedAt: time.Now().Add(-time.Hour).UTC(), Claims: 1}
	before := time.Now()
	_, end := tr.Run(t.Context(), a, "one")
	end(nil)
	flush(t, tr)
	claim := theOne(t, c.Spans(), traceOf(a.TaskID), "claim")
	if !claim.Begin.Equal(a.CreatedAt) || claim.End.Before(before) || claim.Kind != "SPAN_KIND_CONSUMER" {
		t.Errorf("the claim is %s from %v to %v, want from %v until now", claim.Kind, claim.Begin, claim.End, a.CreatedAt)
	}
}

func TestARunOfAScheduleBeginsTheTraceOfWhatItMade(t *testing.T) {
	t.Parallel()
	c := tracingtest.New(t)
	tr := tracingTo(t, c.URL, "one")
	fired := heimdall.ScheduleRun{TaskID: uuid.NewString(), FiredAt: time.Now().Add(-time.Minute).UTC()}
	tr.Fired(fired)
	tr.Fired(heimdall.ScheduleRun{FiredAt: time.Now(), Skipped: heimdall.SkippedInvalid}) // made nothing
	flush(t, tr)
	spans := c.Spans()
	if s := theOne(t, spans, traceOf(fired.TaskID), "create acquisition"); len(spans) != 1 || !s.Begin.Equal(fired.FiredAt) || s.ParentID != "" || len(s.Links) != 0 {
		t.Errorf("spans are %+v, want one from %v", spans, fired.FiredAt)
	}
}

func TestProcessesAgreeOnTheTraceOfATaskThatIsNoUUID(t *testing.T) {
	t.Parallel()
	c := tracingtest.New(t)
	for _, worker := range []string{"one", "two"} {
		tr := tracingTo(t, c.URL, worker)
		_, end := tr.Run(t.Context(), heimdall.Acquisition{TaskID: "celery-17", CreatedAt: time.Now()}, worker)
		end(errors.New("lost"))
		flush(t, tr)
	}
	runs := named(c.Spans(), "", "run acquisition")
	if len(runs) != 2 || runs[0].TraceID != runs[1].TraceID || runs[0].ParentID != runs[1].ParentID || runs[0].ParentID == "" {
		t.Errorf("runs are %+v, want two of one trace", runs)
	}
	if !runs[0].Failed || runs[0].Failure != "lost" {
		t.Errorf("a run that failed says %t, %q", runs[0].Failed, runs[0].Failure)
	}
}

func TestARequestIsPartOfItsCallersTraceAndLinkedWithWhatItMade(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	tr := tracingTo(t, c.URL, "server")
	const callersTrace, callersSpan = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331" // W3C Trace Context, section 3.2
	taskID := r.request(r.serve(tr), time.Second, r.add("pace=fast"), "Traceparent", "00-"+callersTrace+"-"+callersSpan+"-01")
	flush(t, tr)

	spans := c.Spans()
	request := theOne(t, spans, callersTrace, "POST /api/v1/acquisitions")
	made := theOne(t, spans, traceOf(taskID), "create acquisition")
	if request.ParentID != callersSpan || request.Kind != "SPAN_KIND_SERVER" || made.ParentID != "" || made.Kind != "SPAN_KIND_PRODUCER" {
		t.Errorf("the request is %s below %s, and what it made %s below %q", request.Kind, request.ParentID, made.Kind, made.ParentID)
	}
	if diff := cmp.Diff([]tracingtest.Link{{TraceID: made.TraceID, ID: made.ID}}, request.Links); diff != "" {
		t.Errorf("links of the request (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]tracingtest.Link{{TraceID: request.TraceID, ID: request.ID}}, made.Links); diff != "" {
		t.Errorf("links of what it made (-want +got):\n%s", diff)
	}
	want := map[string]any{
		"http.request.method": "POST", "url.path": "/api/v1/acquisitions", "url.scheme": "http", "http.route": "/api/v1/acquisitions",
		"http.response.status_code": int64(http.StatusAccepted), "heimdall.acquisition": taskID,
	}
	if diff := cmp.Diff(want, request.Attributes); diff != "" {
		t.Errorf("attributes of the request (-want +got):\n%s", diff)
	}
}

func TestARefusedRequestBeginsNoTraceOfAnAcquisition(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	tr := tracingTo(t, c.URL, "server")
	address := r.serve(tr)
	if status, answer := r.send(http.MethodPost, address+"/api/v1/acquisitions", []byte(`{"frequency_mhz":-1,"duration_seconds":1,"websdrs":[1]}`)); status != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", status, answer)
	}
	r.send(http.MethodGet, address+"/nowhere", nil)
	flush(t, tr)
	spans := c.Spans()
	if len(spans) != 2 {
		t.Fatalf("spans are %v, want the two requests", names(spans))
	}
	refused := theOne(t, spans, "", "POST /api/v1/acquisitions")
	if refused.Attributes["http.response.status_code"] != int64(422) || refused.Failed {
		t.Errorf("what was the caller's mistake is told as %v, failed %t", refused.Attributes, refused.Failed)
	}
	lost := theOne(t, spans, "", "GET") // whatever callers make up does not become a name
	if _, routed := lost.Attributes["http.route"]; routed || lost.Attributes["http.response.status_code"] != int64(404) {
		t.Errorf("what leads nowhere is told as %v", lost.Attributes)
	}
}

func TestARequestThatIsRepeatedBeginsNoSecondTrace(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	tr := tracingTo(t, c.URL, "server")
	address := r.serve(tr)
	body := fmt.Appendf(nil, `{"frequency_mhz":7.1,"duration_seconds":1,"websdrs":[%d]}`, r.add("pace=fast")[0])
	for _, want := range []int{http.StatusAccepted, http.StatusOK} {
		if status, answer := r.send(http.MethodPost, address+"/api/v1/acquisitions", body, "Idempotency-Key", "once"); status != want {
			t.Fatalf("%d %s, want %d", status, answer, want)
		}
	}
	flush(t, tr)
	spans := c.Spans()
	theOne(t, spans, "", "create acquisition")
	if n := len(named(spans, "", "POST /api/v1/acquisitions")); n != 2 {
		t.Errorf("%d requests are told of, want both", n)
	}
}

func TestAnAcquisitionIsTracedAlsoWhenItsCallerIsNot(t *testing.T) {
	t.Parallel()
	r, c := newRig(t), tracingtest.New(t)
	tr := tracingTo(t, c.URL, "server")
	taskID := r.request(r.serve(tr), time.Second, r.add("pace=fast"), "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	flush(t, tr)
	spans := c.Spans()
	if len(spans) != 1 {
		t.Fatalf("spans are %v, want that of the acquisition alone", names(spans))
	}
	theOne(t, spans, traceOf(taskID), "create acquisition")
}
