package legacy

// A Reason says why something of the Python system did not become ours, or what had to be guessed.
type Reason string

// The reasons; Reasons says what each means.
const (
	Foreign         Reason = "foreign_name"
	MinIOInternal   Reason = "minio_internal"
	MetadataAlone   Reason = "metadata_alone"
	Empty           Reason = "empty"
	NotNPY          Reason = "not_npy"
	CutOff          Reason = "cut_off"
	Gone            Reason = "gone"
	Changed         Reason = "changed"
	Unreadable      Reason = "unreadable"
	FrequencyLost   Reason = "frequency_unknown"
	TimeLost        Reason = "time_unknown"
	BadWebSDR       Reason = "websdr_id"
	Deleted         Reason = "deleted_here"
	Unfit           Reason = "unfit"
	RowRefused      Reason = "row_refused"
	RowUnreadable   Reason = "row_unreadable"
	RowLate         Reason = "row_late"
	MetadataTooLong Reason = "metadata_too_long"
	MetadataBad     Reason = "metadata_bad"
	MetadataMissing Reason = "metadata_missing"
	FieldBad        Reason = "field_bad"
	Borrowed        Reason = "borrowed"
	FrequencyGiven  Reason = "frequency_given"
	RateAssumed     Reason = "rate_assumed"
	TimeOfObject    Reason = "time_of_object"
	WebSDRDiffers   Reason = "websdr_differs"
	CountDiffers    Reason = "samples_differ"
	NotFinite       Reason = "not_finite"
	KeptAsDouble    Reason = "kept_as_cf64"
	TrailingBytes   Reason = "trailing_bytes"
	Apart           Reason = "apart"
	CutOffImported  Reason = "cut_off_imported"
	StandIn         Reason = "websdr_made"
)

// A ReasonMeaning says in words what a reason means.
type ReasonMeaning struct {
	Reason  Reason
	Meaning string
}

// Reasons are all of them, in the order shown to users: what was skipped, then what was imported and noted.
func Reasons() []ReasonMeaning {
	return []ReasonMeaning{
		{Foreign, "its name is none that the Python system gives"},
		{MinIOInternal, "a file of MinIO's own storage: copy the bucket with a client, or name its URL"},
		{MetadataAlone, "numbers whose recording is not there"},
		{Empty, "no samples in it"},
		{NotNPY, "not an array of samples that numpy wrote"},
		{CutOff, "its end is missing: --allow-partial imports what there is"},
		{Gone, "deleted while the import ran"},
		{Changed, "written to while the import ran"},
		{Unreadable, "no permission to read it, or a name that the object store refuses"},
		{FrequencyLost, "nothing says its frequency: --frequency-mhz does"},
		{TimeLost, "nothing says when it was made"},
		{BadWebSDR, "its number can be no websdr_id here, or is another's, too: --websdr says which one it is"},
		{Deleted, "it was here once, and was deleted"},
		{Unfit, "what is said of it cannot be"},
		{RowRefused, "a row that the database refuses"},
		{RowUnreadable, "a row without task or time"},
		{RowLate, "a row whose recording was imported before, without --postgres"},
		{MetadataTooLong, "metadata far too long to be that; imported without"},
		{MetadataBad, "metadata that is no JSON; imported without"},
		{MetadataMissing, "no metadata; imported without"},
		{FieldBad, "a field of the metadata that cannot be; taken as missing"},
		{Borrowed, "something that its row or another receiver of its session says"},
		{FrequencyGiven, "the frequency is that of --frequency-mhz"},
		{RateAssumed, "nothing says its sample rate: 12.5 kHz"},
		{TimeOfObject, "nothing says its time: that when its object was stored"},
		{WebSDRDiffers, "name and metadata say different WebSDRs: the name holds"},
		{CountDiffers, "array and metadata have different counts: the array holds"},
		{NotFinite, "an old metric that is NaN or infinite: NULL"},
		{KeptAsDouble, "values that no 32-bit float holds: kept as cf64_le"},
		{TrailingBytes, "bytes after the array: left out"},
		{Apart, "an acquisition of its own, beside that of its session"},
		{CutOffImported, "its end is missing; imported what there is"},
		{StandIn, "a WebSDR that was not here: made"},
	}
}
