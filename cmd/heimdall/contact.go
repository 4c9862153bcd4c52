package main

import (
	"context"
	"fmt"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// contactCmd is the switch that stops all contact with receivers.
type contactCmd struct {
	Status contactStatusCmd `cmd:"" default:"withargs" help:"Say whether receivers may be contacted."`
	Off    contactOffCmd    `cmd:"" help:"Contact nobody: what runs is stopped within a second, what waits goes on waiting."`
	On     contactOnCmd     `cmd:"" help:"Allow contact again."`
}

type contactStatusCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *contactStatusCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		now, err := cl.Contact(ctx)
		if err != nil {
			return err
		}
		return a.printContact(now, c.JSON)
	})
}

type contactOffCmd struct {
	Reason string `required:"" placeholder:"TEXT" help:"Why nobody is to be contacted."`
	By     string `placeholder:"NAME" help:"Who you are; your user and machine if not said."`
	JSON   bool   `help:"Print JSON."`
}

func (c *contactOffCmd) Run(a *app) error {
	return a.setContact(wire.ContactInput{Allowed: false, Reason: c.Reason, By: c.By}, c.JSON)
}

type contactOnCmd struct {
	Reason string `placeholder:"TEXT" help:"Why it is allowed again."`
	By     string `placeholder:"NAME" help:"Who you are; your user and machine if not said."`
	JSON   bool   `help:"Print JSON."`
}

func (c *contactOnCmd) Run(a *app) error {
	return a.setContact(wire.ContactInput{Allowed: true, Reason: c.Reason, By: c.By}, c.JSON)
}

func (a *app) setContact(in wire.ContactInput, asJSON bool) error {
	if in.By == "" {
		in.By = userAtHost()
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		now, err := cl.SetContact(ctx, in)
		if err != nil {
			return err
		}
		return a.printContact(now, asJSON)
	})
}

func (a *app) printContact(c wire.Contact, asJSON bool) error {
	if asJSON {
		return printJSON(a.stdout, c)
	}
	if c.Allowed {
		fmt.Fprint(a.stdout, "contact is on: receivers may be contacted")
	} else {
		fmt.Fprint(a.stdout, "contact is off: nobody is contacted")
	}
	if c.ChangedAt != nil {
		fmt.Fprintf(a.stdout, "; since %s, by %s", stamp(*c.ChangedAt), c.By)
	}
	if c.Reason != "" {
		fmt.Fprintf(a.stdout, ": %s", c.Reason)
	}
	fmt.Fprintln(a.stdout)
	return nil
}
