package kiwisdr

import (
	"strings"
	"time"
	"unicode"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// How long a receiver is to be left alone. Public receivers ban clients that hammer them: after the daily limit
// is used up, five more attempts put an address on the receiver's blacklist.
const (
	afterBusy   = time.Minute
	afterDown   = 5 * time.Minute
	afterSoon   = time.Minute
	afterBan    = time.Hour
	afterAuth   = 6 * time.Hour
	afterQuota  = 24 * time.Hour
	maxSaidText = 200
)

// A refusal is what a message of the server means for us.
type refusal struct {
	class  heimdall.FailureClass
	after  time.Duration
	detail string // what to tell the user; the server's own words are added where they say more
}

// refusals holds the messages that end a connection, except badp and down, which depend on their value.
var refusals = map[string]refusal{
	"too_busy":           {heimdall.FailBusy, afterBusy, "all its channels are taken, or it is over its quota of clients that are no browsers; channels:"},
	"monitor":            {heimdall.FailBusy, afterBusy, "all its channels are taken"},
	"redirect":           {heimdall.FailRedirect, 0, "it is full and sends us to another receiver, at another place; add that one if you want it:"},
	"ip_limit":           {heimdall.FailQuota, afterQuota, "our daily listening time is used up; it blacklists those who keep trying; limit in minutes and our address:"},
	"inactivity_timeout": {heimdall.FailQuota, afterSoon, "it ends connections that do not tune; keep captures shorter than its limit in minutes:"},
	"password_timeout":   {heimdall.FailProtocol, 0, "it did not understand our sign-on"},
	"exclusive_use":      {heimdall.FailUnsupported, afterDown, "another user has locked it for exclusive use"},
	"wb_only":            {heimdall.FailUnsupported, 0, "it runs wideband firmware: append /wb to the URL of this WebSDR"},
	"kiwi_kick":          {heimdall.FailBanned, afterBan, "its owner ended our connection:"},
}

// badPasswords is indexed by the value of badp; 0 means accepted.
var badPasswords = map[string]refusal{
	"1": {heimdall.FailAuth, afterAuth, "wrong password, or only channels with a password are free: set the password of this WebSDR"},
	"2": {heimdall.FailDown, afterSoon, "it is still starting"},
	"3": {heimdall.FailAuth, afterAuth, "it lets only its administrator in"},
	"4": {heimdall.FailAuth, afterAuth, "it lets only its local network in"},
	"5": {heimdall.FailBusy, afterBusy, "it allows one connection from each address: close the other one from our network"},
	"6": {heimdall.FailDown, afterSoon, "it is updating its database"},
	"7": {heimdall.FailAuth, afterAuth, "another administrator is connected"},
}

// downReasons is indexed by the value of down.
var downReasons = map[string]string{
	"0": "its owner has switched it off",
	"1": "it is updating its software",
	"2": "it is being backed up",
}

// refused returns the failure that a parameter of a MSG means, or nil.
func (s *session) refused(p param) *websdr.Failure {
	switch p.name {
	case "badp":
		if p.value == "0" {
			return nil
		}
		r, known := badPasswords[p.value]
		if !known {
			r = refusal{heimdall.FailAuth, afterAuth, "it does not let us in"}
		}
		return s.fail(r, "")
	case "reason_disabled":
		s.reason = p.value // comes before down
		return nil
	case "down":
		detail, known := downReasons[p.value]
		if !known {
			detail = "it is down"
		}
		if s.reason != "" {
			detail += ":"
		}
		return s.fail(refusal{heimdall.FailDown, afterDown, detail}, s.reason)
	}
	r, ok := refusals[p.name]
	if !ok {
		return nil
	}
	said := ""
	if strings.HasSuffix(r.detail, ":") {
		said = p.value
	}
	return s.fail(r, said)
}

func (s *session) fail(r refusal, said string) *websdr.Failure {
	f := &websdr.Failure{Class: r.class, Op: s.op, Detail: r.detail, After: r.after}
	if said != "" {
		f.Detail += " " + s.quote(said)
	}
	return f
}

// quote makes words of the server fit for an error text: short, printable, and without our password.
func (s *session) quote(said string) string {
	said = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, said)
	if s.w.Password != "" {
		said = strings.ReplaceAll(said, s.w.Password, "(password)")
	}
	if len(said) > maxSaidText {
		said = strings.ToValidUTF8(said[:maxSaidText], "") + "…"
	}
	return strings.TrimSpace(said)
}
