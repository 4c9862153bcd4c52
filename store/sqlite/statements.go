package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// To compile one of our statements takes SQLite longer than to run it, and package sql forgets what it compiled. So each
// connection remembers its last ones, by their text.

// maxStatements is how many a connection remembers. The program has fewer of its own; only filters make ever new ones.
const maxStatements = 128

// open opens the database that dsn names.
func open(dsn string) (*sql.DB, error) {
	inner, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{inner}), nil
}

// A connector makes connections that remember.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := inner.(ableConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connection %T is not what it was", inner), inner.Close())
	}
	return &conn{ableConn: able, statements: map[string]*statement{}}, nil
}

// An ableConn is what the driver's connection can do.
type ableConn interface {
	driver.Conn
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// A conn is one connection; package sql lets one goroutine at a time use it.
type conn struct {
	ableConn
	statements map[string]*statement
}

// A statement is compiled.
type statement struct {
	ableStmt
	busy bool // somebody reads its rows
}

type ableStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.ableConn.QueryContext(ctx, query, args)
	}
	rows, err := st.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	st.busy = true
	return &rowsOf{rows, st}, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.ableConn.ExecContext(ctx, query, args)
	}
	return st.ExecContext(ctx, args)
}

// statement returns the compiled query, or nil when its rows are being read: then it is compiled for this once.
func (c *conn) statement(ctx context.Context, query string) (*statement, error) {
	if st := c.statements[query]; st != nil {
		if st.busy {
			return nil, nil
		}
		return st, nil
	}
	if err := c.forget(); err != nil {
		return nil, err
	}
	inner, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	able, ok := inner.(ableStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's statement %T is not what it was", inner), inner.Close())
	}
	st := &statement{ableStmt: able}
	c.statements[query] = st
	return st, nil
}

// forget makes room for one more: which goes is left to chance, which takes most often one that is used seldom or never.
func (c *conn) forget() error {
	for query, st := range c.statements {
		if len(c.statements) < maxStatements {
			return nil
		}
		if st.busy {
			continue
		}
		delete(c.statements, query)
		if err := st.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) Close() error {
	var errs []error
	for _, st := range c.statements {
		errs = append(errs, st.Close())
	}
	clear(c.statements)
	return errors.Join(append(errs, c.ableConn.Close())...)
}

// rowsOf are rows whose statement is free when they are closed.
type rowsOf struct {
	driver.Rows
	st *statement
}

func (r *rowsOf) Close() error {
	r.st.busy = false
	return r.Rows.Close()
}
