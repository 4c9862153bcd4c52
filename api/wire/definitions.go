package wire

// Definitions say what the numbers of a measurement mean.
type Definitions struct {
	AlgorithmVersion string       `json:"algorithm_version" doc:"Version of the definitions, as in the measurements that they made" example:"1"`
	Metrics          []Definition `json:"metrics" nullable:"false" doc:"One per metric, in the order of the columns"`
	Sections         []Section    `json:"sections" nullable:"false" doc:"The mathematics, in order"`
}

// A Definition says what one metric means.
type Definition struct {
	Name     string         `json:"name" doc:"Its JSON key and column" example:"snr_db"`
	Type     string         `json:"type" enum:"number,integer,boolean,string,list" doc:"Of its JSON value; a list is of strings"`
	Unit     string         `json:"unit" doc:"Its unit: 1 is a ratio; empty for what is no quantity" example:"dB"`
	Nullable bool           `json:"nullable" doc:"Whether it is null when it cannot be defended"`
	Meaning  string         `json:"meaning" doc:"What it is, when it is null, and what to beware of"`
	Section  string         `json:"section" doc:"Heading of the section that explains how it is made" example:"Detection"`
	Values   []DefinedValue `json:"values" nullable:"false" doc:"All that a string, or an item of the list, can be; empty when that is not fixed"`
}

// A DefinedValue is one of the words that a metric can be.
type DefinedValue struct {
	Name    string `json:"name" doc:"The word" example:"off_channel"`
	Meaning string `json:"meaning" doc:"What it says"`
}

// A Section is a part of the mathematics.
type Section struct {
	Heading string `json:"heading" doc:"What it is about" example:"Detection"`
	Text    string `json:"text" doc:"Markdown: paragraphs with an empty line between them"`
}
