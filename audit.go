package heimdall

import "time"

// An AuditEntry says who asked for a change, and what came of it. It holds no secrets: neither bodies nor queries.
type AuditEntry struct {
	ID      int64 // audit_id: grows, given by the database
	At      time.Time
	TokenID int64  // of the actor; 0 when it was none
	Actor   string // name of the token, or in words who else: "loopback", "anybody"
	Address string // of the caller, as far as it is known; never an address that the caller made up
	Action  string // id of the operation, such as create-acquisition
	Object  string // what it was about: the path of the thing changed or made
	Status  int    // HTTP status of the answer
}

// An AuditFilter chooses a page of the audit log, newest first.
type AuditFilter struct {
	From, To time.Time // At in [From, To)
	Action   string    // "" means any
	TokenID  int64     // 0 means any
	AfterID  int64     // cursor: ID of the last row of the page before
	Limit    int       // 1 to MaxPage
}
