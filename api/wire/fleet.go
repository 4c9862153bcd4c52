package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Contact says whether receivers may be contacted at all.
type Contact struct {
	Allowed   bool       `json:"allowed" doc:"Whether receivers may be contacted; when false, nothing that would connect to one is begun, and what runs is stopped"`
	Reason    string     `json:"reason" doc:"Why it was switched; may be empty when contact is allowed"`
	By        string     `json:"by" doc:"Who switched it; may be empty"`
	ChangedAt *time.Time `json:"changed_at" doc:"When it was switched; null if nobody ever did"`
}

// A ContactInput switches contact with receivers.
type ContactInput struct {
	Allowed bool   `json:"allowed" doc:"Whether receivers may be contacted" example:"false"`
	Reason  string `json:"reason,omitempty" doc:"Why; needed to forbid it. At most 500 characters" example:"an owner complained"`
	By      string `json:"by,omitempty" doc:"Who you are; at most 500 characters" example:"anna"`
}

// Root converts the request.
func (in ContactInput) Root() heimdall.Contact {
	return heimdall.Contact{Off: !in.Allowed, Reason: in.Reason, By: in.By}
}

// ContactOf converts a contact.
func ContactOf(c heimdall.Contact) Contact {
	return Contact{Allowed: !c.Off, Reason: c.Reason, By: c.By, ChangedAt: instant(c.At)}
}

// A Worker is what a worker last said of itself.
type Worker struct {
	Name      string    `json:"name" doc:"Unique among the processes of one database" example:"machine/4711"`
	Host      string    `json:"host" doc:"The machine it runs on"`
	Version   string    `json:"version" doc:"Of its program"`
	StartedAt time.Time `json:"started_at" doc:"When its process began"`
	SeenAt    time.Time `json:"seen_at" doc:"When it last said that it is there: it does so every 5 s"`
	Missing   bool      `json:"missing" doc:"Whether it has said nothing for 30 s: it was killed, or cut off from the database. After a day it is forgotten"`
	Slots     int       `json:"slots" doc:"Acquisitions that it does at a time"`
	Running   int       `json:"running" doc:"How many it did when it was last seen"`
}

// A WorkerList is every worker, in order of name.
type WorkerList struct {
	Workers []Worker `json:"workers" nullable:"false" doc:"Those seen within a day"`
}

// WorkerOf converts what a worker said of itself, as it looks at now.
func WorkerOf(w heimdall.WorkerStatus, now time.Time) Worker {
	return Worker{Name: w.Name, Host: w.Host, Version: w.Version, StartedAt: w.StartedAt.UTC(), SeenAt: w.SeenAt.UTC(),
		Missing: now.Sub(w.SeenAt) > heimdall.WorkerMissing, Slots: w.Slots, Running: w.Running}
}

// Stand adds how we stand with the receiver to what is shown of it.
func (w *WebSDR) Stand(st heimdall.Standing) {
	w.UsedTodaySeconds = st.UsedToday.Seconds()
	w.BlockedClass, w.BlockedReason, w.BlockedUntil = string(st.Block.Class), st.Block.Reason, instant(st.Block.Until)
}
