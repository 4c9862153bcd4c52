package wire

// A Problem is an error as the API reports it: RFC 9457, with every violated field.
type Problem struct {
	Type      string       `json:"type" doc:"A URI that names the kind of problem; about:blank when status says it all" example:"about:blank"`
	Title     string       `json:"title" doc:"The status in words" example:"Unprocessable Entity"`
	Status    int          `json:"status" doc:"HTTP status" example:"422"`
	Detail    string       `json:"detail" doc:"What went wrong and what to do about it" example:"frequency_mhz must be above 0 and at most 300000 MHz, for example 145.5"`
	Errors    []FieldError `json:"errors,omitempty" nullable:"false" doc:"Every field that is wrong"`
	RequestID string       `json:"request_id,omitempty" doc:"Names this request in the server's log"`
}

// A FieldError names one field and what is wrong with it.
type FieldError struct {
	Location string `json:"location" doc:"Where the field is: body, query, path or header, a dot, and its name" example:"body.frequency_mhz"`
	Message  string `json:"message" doc:"What is wrong with it" example:"must be above 0"`
}
