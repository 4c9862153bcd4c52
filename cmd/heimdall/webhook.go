package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// webhookCmd looks after webhooks.
type webhookCmd struct {
	List       webhookListCmd       `cmd:"" default:"withargs" help:"List webhooks."`
	Add        webhookAddCmd        `cmd:"" help:"Have events sent to an address."`
	Show       webhookShowCmd       `cmd:"" help:"Show one."`
	Deliveries webhookDeliveriesCmd `cmd:"" help:"List what was delivered to one, what waits and what was given up, newest first."`
	Retry      webhookRetryCmd      `cmd:"" help:"Have deliveries tried again that were given up."`
	Test       webhookTestCmd       `cmd:"" help:"Send a test, and say what came of it."`
	Remove     webhookRemoveCmd     `cmd:"" help:"Remove one, and its deliveries."`
}

type webhookListCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *webhookListCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list, err := cl.Webhooks(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		return a.printWebhooks(list...)
	})
}

func (a *app) printWebhooks(list ...wire.Webhook) error {
	t := newTable(a.stdout, "ID", "URL", "EVENTS", "ACTIVE", "CREATED", "LABEL")
	for _, w := range list {
		var kinds []string
		for _, k := range w.Kinds {
			kinds = append(kinds, string(k))
		}
		active := "yes"
		if !w.Active {
			active = "no"
		}
		if w.Reason != "" {
			active += ": " + w.Reason
		}
		t.row(strconv.FormatInt(w.WebhookID, 10), w.URL, strings.Join(kinds, ","), active, stamp(w.CreatedAt), w.Label)
	}
	return t.end()
}

type webhookAddCmd struct {
	URL    string               `arg:"" name:"url" help:"Where events are sent, such as https://example.org/heimdall."`
	Kind   []heimdall.EventKind `placeholder:"KIND,..." help:"Of which events: acquisition.created, acquisition.running, acquisition.ended, capture.ended; without it acquisition.ended."`
	Label  string               `placeholder:"TEXT" help:"What you call it."`
	Secret string               `env:"HEIMDALL_WEBHOOK_SECRET" placeholder:"whsec_..." help:"What deliveries are signed with; without it one is made and shown. Set it in the environment, where others cannot read it."`
	JSON   bool                 `help:"Print JSON."`
}

func (c *webhookAddCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		w, err := cl.CreateWebhook(ctx, wire.WebhookInput{URL: c.URL, Kinds: c.Kind, Label: c.Label, Secret: c.Secret})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, w)
		}
		fmt.Fprintf(a.stdout, "webhook %d: events go to %s\n", w.WebhookID, w.URL)
		fmt.Fprintf(a.stdout, "its secret, which is not shown again: %s\n", w.Secret)
		return nil
	})
}

type webhookShowCmd struct {
	ID   int64 `arg:"" name:"webhook-id" help:"The webhook's id."`
	JSON bool  `help:"Print JSON."`
}

func (c *webhookShowCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		w, err := cl.Webhook(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, w)
		}
		return a.printWebhooks(w)
	})
}

type webhookDeliveriesCmd struct {
	ID    int64                    `arg:"" name:"webhook-id" help:"The webhook's id."`
	State []heimdall.DeliveryState `placeholder:"STATE,..." help:"Only those in these states: pending, delivered, dead."`
	Limit int                      `short:"n" default:"100" help:"At most so many (${default})."`
	JSON  bool                     `help:"Print JSON."`
}

func (c *webhookDeliveriesCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list, err := deliveries(ctx, cl, c.ID, c.State, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "EVENT", "KIND", "AT", "STATE", "ATTEMPTS", "NEXT", "STATUS", "TASK ID", "ERROR")
		for _, d := range list {
			status := "-"
			if d.LastStatus != nil {
				status = strconv.Itoa(*d.LastStatus)
			}
			t.row(strconv.FormatInt(d.Event.ID, 10), string(d.Event.Kind), stamp(d.Event.At), string(d.State), strconv.Itoa(d.Attempts),
				stampOrDash(d.NextAttemptAt), status, d.Event.TaskID, d.LastError)
		}
		return t.end()
	})
}

// deliveries gets page by page.
func deliveries(ctx context.Context, cl *client.Client, id int64, states []heimdall.DeliveryState, limit int) ([]wire.Delivery, error) {
	list := []wire.Delivery{}
	for cursor := ""; len(list) < limit; {
		page, err := cl.Deliveries(ctx, id, states, min(limit-len(list), heimdall.MaxPage), cursor)
		if err != nil {
			return nil, err
		}
		list = append(list, page.Deliveries...)
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	return list, nil
}

type webhookRetryCmd struct {
	ID    int64 `arg:"" name:"webhook-id" help:"The webhook's id."`
	Event int64 `arg:"" name:"event-id" optional:"" help:"The event; without it all whose delivery was given up."`
	JSON  bool  `help:"Print JSON."`
}

func (c *webhookRetryCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		ids := []int64{c.Event}
		if c.Event == 0 {
			ids = nil
			const all = 1 << 30
			dead, err := deliveries(ctx, cl, c.ID, []heimdall.DeliveryState{heimdall.DeliveryDead}, all)
			if err != nil {
				return err
			}
			for _, d := range dead {
				ids = append(ids, d.Event.ID)
			}
		}
		again := []wire.Delivery{}
		for _, id := range ids {
			d, err := cl.RetryDelivery(ctx, c.ID, id)
			if err != nil {
				return err
			}
			again = append(again, d)
		}
		if c.JSON {
			return printJSON(a.stdout, again)
		}
		fmt.Fprintf(a.stdout, "webhook %d: %d deliveries are tried again\n", c.ID, len(again))
		return nil
	})
}

type webhookTestCmd struct {
	ID   int64 `arg:"" name:"webhook-id" help:"The webhook's id."`
	JSON bool  `help:"Print JSON."`
}

const (
	testPatience = 20 * time.Second // longer than an attempt takes
	testLook     = 100 * time.Millisecond
)

func (c *webhookTestCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		d, err := cl.TestWebhook(ctx, c.ID)
		for deadline := time.Now().Add(testPatience); err == nil && d.State == heimdall.DeliveryPending && d.LastError == "" && time.Now().Before(deadline); {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(testLook):
				d, err = cl.Delivery(ctx, c.ID, d.Event.ID)
			}
		}
		if err != nil {
			return err
		}
		if c.JSON {
			if err := printJSON(a.stdout, d); err != nil {
				return err
			}
		}
		if d.State != heimdall.DeliveryDelivered {
			why := d.LastError
			if why == "" {
				why = "nobody has tried yet: does a server run?"
			}
			return &outcome{code: exitFailed, text: fmt.Sprintf("webhook %d: the test was not delivered: %s", c.ID, why)}
		}
		if !c.JSON {
			fmt.Fprintf(a.stdout, "webhook %d: the test was delivered\n", c.ID)
		}
		return nil
	})
}

type webhookRemoveCmd struct {
	ID int64 `arg:"" name:"webhook-id" help:"The webhook's id."`
}

func (c *webhookRemoveCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if err := cl.DeleteWebhook(ctx, c.ID); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "webhook %d: removed\n", c.ID)
		return nil
	})
}
