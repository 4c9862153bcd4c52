package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/heimdall-sdr/heimdall"
)

// failed says what was being done when err happened, and turns SQLite's codes into the errors that callers
// branch on: a full disk, and a context that was cancelled while SQLite worked.
func failed(ctx context.Context, do string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && (code(err)&0xff == sqlite3.SQLITE_INTERRUPT || errors.Is(err, sql.ErrTxDone)):
		err = ctx.Err()
	case code(err)&0xff == sqlite3.SQLITE_FULL || errors.Is(err, syscall.ENOSPC):
		err = fmt.Errorf("%w: %w", heimdall.ErrFull, err)
	case isBusy(err):
		err = fmt.Errorf("another program is writing to the database: %w", err)
	}
	return fmt.Errorf("%s: %w", do, err)
}

// code is SQLite's extended result code, or 0 when err is none of SQLite's.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func isBusy(err error) bool { return code(err)&0xff == sqlite3.SQLITE_BUSY }

// isTaken reports whether err says that a key or unique name is in use.
func isTaken(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CONSTRAINT_UNIQUE || c == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || c == sqlite3.SQLITE_CONSTRAINT_ROWID
}

// notFound turns the absence of a row into ErrNotFound of what was asked for.
func notFound(err error, format string, args ...any) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf(format+": %w", append(args, heimdall.ErrNotFound)...)
	}
	return err
}
