package api

// What the fuzz tests of cursors need.
var (
	AcquisitionAfter    = acquisitionAfter
	CaptureAfter        = captureAfter
	MeasurementAfter    = measurementAfter
	CursorOfMeasurement = cursorOfMeasurement
	CursorOfCapture     = cursorOfCapture
	CursorOfAcquisition = cursorOfAcquisition
)
