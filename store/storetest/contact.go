package storetest

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var contact = []promise{
	{"at first everybody may be contacted", contactOn},
	{"switched off, nothing is claimed, work begun included, and no host is taken", contactOff},
	{"switched on again, everything goes on, and who waits is woken", contactOnAgain},
	{"switching it off without a reason is refused", contactReason},
	{"what runs is stirred when contact is switched or something is cancelled", contactStirs},
}

func contactOn(t *testing.T, s Store) {
	c, err := s.Contact(t.Context())
	ok(t, err)
	same(t, "contact", c, heimdall.Contact{})
}

func contactOff(t *testing.T, s Store) {
	ids := createHosts(t, s, 1)
	create(t, s, aRequest(ids...))
	_, err := s.Claim(t.Context(), "dead", 0, 0)
	ok(t, err)
	create(t, s, aRequest(createHosts(t, s, 1)...))
	want := heimdall.Contact{Off: true, Reason: "complaint of an owner", By: "anna"}
	got, err := s.SetContact(t.Context(), want)
	ok(t, err)
	if got.At.IsZero() {
		t.Error("the moment is missing")
	}
	want.At = got.At
	same(t, "contact", got, want)
	got, err = s.Contact(t.Context())
	ok(t, err)
	same(t, "contact read again", got, want)
	wantNoWork(t, s)
	wantErr(t, s.TakeHost(t.Context(), "other.example:8073", "probe", aLease), heimdall.ErrContactOff)
}

func contactOnAgain(t *testing.T, s Store) {
	a := create(t, s, aRequest(createHosts(t, s, 1)...))
	_, err := s.SetContact(t.Context(), heimdall.Contact{Off: true, Reason: "test"})
	ok(t, err)
	drain(t, s)
	_, err = s.SetContact(t.Context(), heimdall.Contact{})
	ok(t, err)
	if !waits(t, s, soon) {
		t.Error("nobody is woken")
	}
	wantClaims(t, s, a.TaskID)
}

func contactReason(t *testing.T, s Store) {
	_, err := s.SetContact(t.Context(), heimdall.Contact{Off: true})
	wantInvalid(t, err, "reason")
	contactOn(t, s)
}

func contactStirs(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	stirs := func(what string, do func() error) {
		t.Helper()
		stirred := s.Stirred()
		select {
		case <-stirred:
			t.Errorf("stirred before %s", what)
		default:
		}
		ok(t, do())
		select {
		case <-stirred:
		case <-time.After(soon):
			t.Errorf("%s does not stir", what)
		}
	}
	stirs("a cancel", func() error { _, err := s.CancelAcquisition(t.Context(), job.TaskID); return err })
	stirs("a switch of contact", func() error {
		_, err := s.SetContact(t.Context(), heimdall.Contact{Off: true, Reason: "test"})
		return err
	})
}
