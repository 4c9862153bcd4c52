package sigmf

// Namespace is the name of Heimdall's own extension, which docs/heimdall.sigmf-ext.md specifies. Its fields
// travel in Other like those of anybody's; this package knows but one of them, Capture.StartUnixNs, because
// a time is worth no more than a microsecond without it.
const Namespace = "heimdall"

// Ours is the entry for core:extensions of every document that uses Heimdall's own fields.
var Ours = Extension{Name: Namespace, Version: "2.1.0", Optional: true}
