package api_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
)

// exercised holds the id of every operation that any test has called.
var exercised sync.Map

// TestMain holds the contract that no single test can: every operation of the OpenAPI document is called by
// some test, and its answers are of the shapes announced.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		code = checkExercised()
	}
	os.Exit(code)
}

func checkExercised() (code int) {
	doc, err := theDocument()
	if err != nil {
		fmt.Println("FAIL:", err)
		return 1
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if _, ok := exercised.Load(op.OperationID); !ok {
				fmt.Printf("FAIL: no test calls %s %s\n", method, path)
				code = 1
			}
		}
	}
	return code
}

func answerOf(h http.Handler, target string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, target, nil))
	return rec
}
