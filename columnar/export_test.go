package columnar

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// NewArrowIn is NewArrow with memory that a test counts.
func NewArrowIn[T any](w io.Writer, in memory.Allocator) (*Arrow[T], error) {
	return newArrow[T](w, in)
}
