package heimdall

// A Backlog is what waits in a database.
type Backlog struct {
	Lines      []QueueLine
	Deliveries int64 // to webhooks, that are tried or will be tried again
}

// A QueueLine is the pending acquisitions of one origin and priority, whether they wait for a worker or for their time.
type QueueLine struct {
	Origin       string // "" is requests by hand
	Priority     int
	Acquisitions int64 // at least one
}
