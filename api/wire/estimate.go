package wire

// An Estimate is about how much an acquisition will hold.
type Estimate struct {
	Bytes   int64            `json:"bytes" doc:"Data of the recordings of those WebSDRs that have one to go by"`
	Known   int64            `json:"known" doc:"How many of the WebSDRs have a recording to go by"`
	Unknown int64            `json:"unknown" doc:"How many have none: what they will add is not known before they answer"`
	WebSDRs []WebSDREstimate `json:"websdrs" nullable:"false" doc:"Each of those asked about, in order of websdr_id"`
}

// A WebSDREstimate is one WebSDR's part of it.
type WebSDREstimate struct {
	WebSDRID int64  `json:"websdr_id" doc:"The WebSDR" example:"1"`
	Bytes    *int64 `json:"bytes" doc:"Data of its recording, by bytes a sample and rate of its last one; null where there is none"`
}
