package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

const hook = `{"url":"https://example.org/hook","label":"mine","kinds":["acquisition.ended","capture.ended"]}`

func TestAWebhookIsMadeShownReplacedAndRemovedAndItsSecretShownOnce(t *testing.T) {
	r := newRig(t)
	var made, got wire.Webhook
	a := r.post("/api/v1/webhooks", hook).want(201)
	a.into(&made)
	if a.header.Get("Location") != "/api/v1/webhooks/1" || !strings.HasPrefix(made.Secret, heimdall.SecretPrefix) || len(made.Secret) < 40 || !made.Active {
		t.Errorf("made is %+v at %s", made, a.header.Get("Location"))
	}
	secret := made.Secret
	made.Secret = ""
	r.get("/api/v1/webhooks/1").want(200).into(&got)
	if fmt.Sprint(got) != fmt.Sprint(made) {
		t.Errorf("shown is %+v, made was %+v", got, made)
	}
	var list wire.WebhookList
	r.get("/api/v1/webhooks").want(200).into(&list)
	if len(list.Webhooks) != 1 || list.Webhooks[0].Secret != "" {
		t.Errorf("listed are %+v", list)
	}
	r.do("PUT", "/api/v1/webhooks/1", `{"url":"https://example.org/other","active":false}`).want(200).into(&got)
	if got.URL != "https://example.org/other" || got.Active || got.Label != "" || len(got.Kinds) != 1 || got.Kinds[0] != heimdall.AcquisitionEnded || got.Secret != "" {
		t.Errorf("replaced it is %+v", got)
	}
	if w, err := r.store.Webhook(t.Context(), 1); err != nil || w.Secret != secret {
		t.Errorf("its secret has changed (%v)", err)
	}
	if strings.Contains(r.log.String(), secret) {
		t.Error("the secret is in the log")
	}
	r.do("DELETE", "/api/v1/webhooks/1", "").want(204)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		r.do(method, "/api/v1/webhooks/1", map[string]string{"PUT": hook}[method]).refused(404, "", "webhook 1")
	}
}

func TestAWebhookThatIsWrongOrLeadsInsideIsRefused(t *testing.T) {
	r := newRig(t)
	r.post("/api/v1/webhooks", `{"url":"http://169.254.169.254/latest","kinds":["webhook.test"],"secret":"whsec_x"}`).refused(422, "body.url", "HEIMDALL_WEBHOOK_PRIVATE")
	for body, field := range map[string]string{
		`{"url":"ftp://example.org"}`:                                               "body.url",
		`{"url":"https://user:pw@example.org"}`:                                     "body.url",
		`{"url":"https://example.org","kinds":[]}`:                                  "body.kinds",
		`{"url":"https://example.org","kinds":["nonsense"]}`:                        "body.kinds",
		`{"url":"https://example.org","secret":"whsec_c2hvcnQ="}`:                   "body.secret",
		`{"url":"https://example.org","secret":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}`: "body.secret",
	} {
		r.post("/api/v1/webhooks", body).refused(422, field, "")
	}
	open := newRig(t, func(c *api.Config) { c.WebhookPrivate = true })
	open.post("/api/v1/webhooks", `{"url":"http://127.0.0.1:9/"}`).want(201)
	r.post("/api/v1/webhooks", hook).want(201)
	r.do("PUT", "/api/v1/webhooks/1", `{"url":"http://[::1]/"}`).refused(422, "body.url", "private")
}

func TestDeliveriesAreListedAndTriedAgain(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.post("/api/v1/webhooks", hook).want(201)
	r.measured(1)
	r.measured(1)
	due, err := r.store.ClaimDeliveries(t.Context(), nil, 10, 10, 0)
	r.must(err)
	if len(due) != 4 {
		t.Fatalf("due are %+v", due)
	}
	d := due[0].Delivery
	d.State, d.LastStatus, d.LastError = heimdall.DeliveryDead, 500, "answered 500 Internal Server Error"
	r.must(r.store.EndAttempt(t.Context(), d, 0))

	var page wire.DeliveryPage
	r.get("/api/v1/webhooks/1/deliveries?state=dead").want(200).into(&page)
	if len(page.Deliveries) != 1 || page.Deliveries[0].Event.ID != d.Event.ID || page.Deliveries[0].LastStatus == nil || *page.Deliveries[0].LastStatus != 500 ||
		page.Deliveries[0].NextAttemptAt != nil || page.Deliveries[0].Event.Kind != heimdall.CaptureEnded {
		t.Errorf("dead are %+v", page)
	}
	var ids []int64
	for target := "/api/v1/webhooks/1/deliveries?limit=3"; target != ""; {
		page = wire.DeliveryPage{}
		r.get(target).want(200).into(&page)
		for _, d := range page.Deliveries {
			ids = append(ids, d.Event.ID)
		}
		if target = ""; page.NextCursor != nil {
			target = "/api/v1/webhooks/1/deliveries?limit=3&cursor=" + *page.NextCursor
		}
	}
	if len(ids) != 4 || ids[0] <= ids[3] {
		t.Errorf("listed page by page are %v", ids)
	}
	one := fmt.Sprintf("/api/v1/webhooks/1/deliveries/%d", d.Event.ID)
	var got wire.Delivery
	r.post(one+"/retry", "").want(202).into(&got)
	if got.State != heimdall.DeliveryPending || got.Attempts != 0 {
		t.Errorf("tried again it is %+v", got)
	}
	r.post(one+"/retry", "").refused(409, "", "pending already")
	r.get(one).want(200).into(&got)
	r.get("/api/v1/webhooks/1/deliveries/1").refused(404, "", "delivery of event 1")
	r.get("/api/v1/webhooks/2/deliveries").refused(404, "", "webhook 2")
	r.get("/api/v1/webhooks/1/deliveries?cursor=nonsense").refused(422, "query.cursor", "next_cursor")
}

func TestATestIsADeliveryLikeAnyOther(t *testing.T) {
	r := newRig(t)
	r.post("/api/v1/webhooks", hook).want(201)
	var d wire.Delivery
	r.post("/api/v1/webhooks/1/test", "").want(202).into(&d)
	if d.Event.Kind != heimdall.WebhookTested || d.State != heimdall.DeliveryPending || d.Event.TaskID != "" {
		t.Errorf("the test is %+v", d)
	}
	r.do("PUT", "/api/v1/webhooks/1", `{"url":"https://example.org/hook","active":false}`).want(200)
	r.post("/api/v1/webhooks/1/test", "").refused(409, "", "not active")
}
