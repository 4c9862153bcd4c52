package wire

// Health says that the process lives. It looks at nothing else.
type Health struct {
	Status  string `json:"status" example:"healthy"`
	Service string `json:"service" example:"heimdall"`
	Version string `json:"version" example:"0.1.0"`
}

// Ready says that what the server needs is at hand.
type Ready struct {
	Ready        bool         `json:"ready"`
	Dependencies []Dependency `json:"dependencies" nullable:"false"`
}

// A Dependency is something that the server needs.
type Dependency struct {
	Name   string `json:"name" doc:"database or objects" example:"database"`
	Status string `json:"status" enum:"up,down"`
	Error  string `json:"error,omitempty" doc:"Why it is down"`
}

// An Index is where the API begins.
type Index struct {
	Service          string            `json:"service" example:"heimdall"`
	Version          string            `json:"version" example:"0.1.0"`
	AlgorithmVersion string            `json:"algorithm_version" doc:"Version of the definitions that this server measures by" example:"1"`
	Links            map[string]string `json:"links" doc:"What there is, by name, relative to the server"`
}
