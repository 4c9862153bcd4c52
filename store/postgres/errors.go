package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/heimdall-sdr/heimdall"
)

var errClosed = errors.New("the database has been closed")

// SQLSTATEs, PostgreSQL 17 manual, appendix A.
const (
	numericOutOfRange   = "22003"
	foreignKeyViolation = "23503"
	uniqueViolation     = "23505"
	readOnly            = "25006"
	invalidAuth         = "28000"
	wrongPassword       = "28P01"
	noSuchDatabase      = "3D000"
	serialization       = "40001"
	deadlock            = "40P01"
	notPermitted        = "42501"
	noSuchTable         = "42P01"
	tableExists         = "42P07"
	diskFull            = "53100"
	outOfMemory         = "53200"
	tooManyConnections  = "53300"
	lockTimeout         = "55P03"
	queryCancelled      = "57014"
	shutDown            = "57P01"
	crashed             = "57P02"
	startingUp          = "57P03"
)

// advice is what to do about an error that only its user can end.
var advice = map[string]string{
	readOnly:           "the database takes no writes: connect to the primary server, or end its default_transaction_read_only",
	invalidAuth:        "the server does not let this user in: check DATABASE_URL and the server's pg_hba.conf",
	wrongPassword:      "wrong user or password: check DATABASE_URL",
	noSuchDatabase:     "the database of DATABASE_URL does not exist: create it with createdb",
	notPermitted:       "the database user lacks a right: let it own the database, or GRANT what the server names",
	tableExists:        "another system's table has a name that Heimdall needs: give Heimdall a database of its own, or a schema (CREATE SCHEMA heimdall, and ?search_path=heimdall in DATABASE_URL)",
	noSuchTable:        "the schema is not complete: run heimdall migrate",
	outOfMemory:        "the server is out of memory: it may be tried again",
	tooManyConnections: "the server has no connection left: raise its max_connections, or give Heimdall fewer",
	lockTimeout:        "another session holds a lock for too long: look for it in pg_stat_activity",
	queryCancelled:     "the server cancelled the statement, which took too long: ask for less, or for a shorter time",
	shutDown:           "the server is being shut down: it may be tried again",
	crashed:            "the server is recovering from a crash: it may be tried again",
	startingUp:         "the server is starting: it may be tried again",
}

// failed says what was being done when err happened and what to do about it, and turns PostgreSQL's codes into the
// errors that callers branch on: a full disk, a value out of range, a context that was cancelled. No statement
// and no argument of one ever is part of an error.
func failed(ctx context.Context, do string, err error) error {
	code := code(err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && (code == queryCancelled || !answered(err)):
		err = ctx.Err()
	case code == diskFull:
		err = fmt.Errorf("%w: %w", heimdall.ErrFull, err)
	case code == numericOutOfRange:
		err = &heimdall.InvalidError{Fields: []heimdall.FieldError{{Field: "number", Message: "is out of the range that the database can keep"}}}
	case advice[code] != "":
		err = fmt.Errorf("%s: %w", advice[code], err)
	case code == "" && isNetwork(err):
		err = fmt.Errorf("the database server does not answer: check that it runs and that DATABASE_URL names its host and port: %w", err)
	}
	return fmt.Errorf("%s: %w", do, err)
}

// code is the SQLSTATE, or "" when the error is none of the server's.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// answered reports whether err is a finding, and not the end of a call on its way.
func answered(err error) bool {
	var invalid *heimdall.InvalidError
	if errors.As(err, &invalid) || code(err) != "" {
		return true
	}
	for _, found := range []error{heimdall.ErrNotFound, heimdall.ErrExists, heimdall.ErrConflict, heimdall.ErrLost, heimdall.ErrNoWork} {
		if errors.Is(err, found) {
			return true
		}
	}
	return false
}

func isNetwork(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isFinding reports whether err is about what was to be written, and not about the way there: then it is of use
// to try less. The way is class 08, a server without room class 53, and one that stops class 57.
func isFinding(err error) bool {
	class := code(err)[:min(2, len(code(err)))]
	return !isNetwork(err) && !errors.Is(err, context.DeadlineExceeded) && class != "08" && class != "53" && class != "57"
}

// isBusy reports whether others were at what was to be locked.
func isBusy(err error) bool { return code(err) == lockTimeout }

// isGone reports whether another program has dropped the table meanwhile.
func isGone(err error) bool { return code(err) == noSuchTable }

func isTaken(err error) bool { return code(err) == uniqueViolation }

// mayRepeat reports whether a transaction was rolled back for no fault of its own.
func mayRepeat(err error) bool { return code(err) == serialization || code(err) == deadlock }

// notFound turns the absence of a row into ErrNotFound of what was asked for.
func notFound(err error, format string, args ...any) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf(format+": %w", append(args, heimdall.ErrNotFound)...)
	}
	return err
}
