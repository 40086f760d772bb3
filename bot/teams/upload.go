package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"

	"parley/bot/sweep"
	"parley/bot/teams/card"
	"parley/bot/teams/fact"
	"parley/bot/teams/organisation"
	"parley/bot/upload"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels"
)

// uploadPath is where the upload page is below our public address.
const uploadPath = "/teams/upload"

// Frames are the origins of Teams' clients, which show an app's page in a frame.
// Source: learn.microsoft.com/microsoftteams/platform/tabs/how-to/tab-requirements, read 2026-11.
func Frames() []string {
	return []string{"https://teams.microsoft.com", "https://*.teams.microsoft.com", "https://*.cloud.microsoft"}
}

// newUpload makes the upload page; nil where no client could open it, since Teams shows only pages with
// https. A trial on one machine may use http.
func newUpload(o Options, taken *uploads) *upload.Page {
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" || len(o.LinkKeys) == 0 {
		return nil
	}
	ancestors := Frames()
	if u.Scheme != "https" {
		if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil
		}
		ancestors = append(ancestors, "http://127.0.0.1:*", "http://localhost:*")
	}
	return upload.New(upload.Options{
		Base: strings.TrimRight(o.PublicURL, "/"), Path: uploadPath, Keys: o.LinkKeys, Ancestors: ancestors, AppID: o.AppID,
		Desk: o.Desk, Now: o.Now, Zone: o.Zone, Log: o.Log, Used: taken.uploadTaken, HandIn: taken.takeUpload,
	})
}

// attach opens the upload page for a person who has a reply's form open. The page takes over what they
// typed into the form.
func (in *invocation) attach(ctx context.Context, f *card.Submitted) any {
	_, args, err := verb.Pressed(f.Memory.Verb, f.Memory.Args)
	if err != nil || in.door.upload == nil {
		return task(in.problem(&bridge.Problem{Code: "stale", Text: "This form is no longer valid.", Hint: "Close it and open it again."}, f.Memory.Place))
	}
	typed, args, errs := verb.Begun(args, f.Values)
	if len(errs) > 0 {
		return task(in.again(ctx, f, errs))
	}
	t := upload.Ticket{User: in.user.ID, Conversation: args.Conversation, Message: args.Message, To: args.To, Cc: args.Cc, Shown: args.Shown, Promotional: args.Promotional,
		Place: f.Memory.Place, Nonce: cmp.Or(f.Memory.Nonce, in.nonce())}
	return webPage("Send files", in.door.upload.Link(t, in.value.Context.Theme, typed))
}

// uploaded says whether a submitted dialog is the upload page, which has sent its reply already.
func uploaded(data json.RawMessage) bool {
	var d struct {
		Uploaded bool `json:"uploaded"`
	}
	return json.Unmarshal(data, &d) == nil && d.Uploaded
}

// uploads stores what is sent on the upload page.
type uploads struct {
	*organisation.App

	sweeper *sweep.Sweeper
	taking  sync.Mutex
}

// uploadTaken says whether a reply is stored for a ticket.
func (u *uploads) uploadTaken(ctx context.Context, t upload.Ticket) (bool, error) {
	seen, err := u.sweeper.Seen(ctx, fact.UploadID(t))
	return seen[fact.UploadID(t)], err
}

// takeUpload stores what was sent on the upload page, once for each ticket. It takes one reply at a time:
// of two that come together, the second is told that it doesn't count.
func (u *uploads) takeUpload(ctx context.Context, t upload.Ticket, r upload.Reply) (already bool, err error) {
	u.taking.Lock()
	defer u.taking.Unlock()
	if already, err = u.uploadTaken(ctx, t); err != nil || already {
		return already, err
	}
	body, err := json.Marshal(fact.Upload{Ticket: t, Reply: r})
	if err != nil {
		return false, fmt.Errorf("teams: upload: %w", err)
	}
	p := fact.Payload{Kind: fact.KindUpload, Me: u.Me, Body: body}
	return false, u.sweeper.Accept(ctx, []channels.Fact{p.Fact(fact.UploadID(t), fact.KeyOf(t.Place))})
}
