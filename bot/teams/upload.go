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
	"parley/channels"
)

// Agents attach files in Teams, but Parley can read these only if an admin has granted the right. So the form of a
// reply has a button that opens a web page of Parley's own, the upload page (package upload), which Teams shows as a
// dialog. Files that are sent there come straight to Parley.

// uploadPath is where the upload page is below our public address.
const uploadPath = "/teams/upload"

// FrameOrigins returns the origins of Teams' clients, which may show our page in a frame: those of the public cloud, and of
// the clouds for the government of the United States.
// Source: learn.microsoft.com/microsoftteams/platform/tabs/how-to/tab-requirements, read 2026-11. It doesn't name the
// government's clouds: see rest.ClientHost.
func FrameOrigins() []string {
	return []string{
		"https://teams.microsoft.com", "https://*.teams.microsoft.com", "https://*.cloud.microsoft",
		"https://*.teams.microsoft.us",
	}
}

// newUpload makes the upload page. It returns nil if clients of Teams could not open the page: they show only https.
// On this machine alone, for a trial, http will do.
func newUpload(o Options, store *uploads) *upload.Page {
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil
	}
	if len(o.LinkKeys) == 0 {
		return nil
	}

	ancestors := FrameOrigins()
	if u.Scheme != "https" {
		isLocal := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
		if !isLocal {
			return nil
		}
		ancestors = append(ancestors, "http://127.0.0.1:*", "http://localhost:*")
	}

	return upload.New(upload.Options{
		Base:      strings.TrimRight(o.PublicURL, "/"),
		Path:      uploadPath,
		Keys:      o.LinkKeys,
		Ancestors: ancestors,
		AppID:     o.AppID,
		Desk:      o.Desk,
		Now:       o.Now,
		Zone:      o.Zone,
		Log:       o.Log,
		Used:      store.isTaken,
		HandIn:    store.storeUpload,
	})
}

// openUploadPage opens the upload page for a person who has the form of a reply open. What they have typed goes with
// them.
func (in *invocation) openUploadPage(ctx context.Context, f *card.Submitted) any {
	_, args, err := verb.Pressed(f.Memory.Verb, f.Memory.Args)
	if err != nil || in.door.upload == nil {
		return dialogAnswer(in.dialogWithTyped(errStaleForm(), f.Memory.Place, f.TypedText()))
	}

	if field, problem := verb.CompleteReply(&args, f.Values); problem != "" {
		return dialogAnswer(in.formDialogAgain(ctx, f, map[string]string{field: problem}))
	}

	t := upload.Ticket{
		User:         in.user.ID,
		Conversation: args.Conversation,
		Message:      args.Message,
		To:           args.To,
		Cc:           args.Cc,
		Shown:        args.Shown,
		Promotional:  args.Promotional,
		Place:        f.Memory.Place,
		Opened:       f.Memory.At,
		Nonce:        cmp.Or(f.Memory.Nonce, in.makeNonce()),
	}

	return pageAnswer("Send files", in.door.upload.Link(t, in.value.Context.Theme, verb.TypedReply(args, f.Values)))
}

// isUploadAnswer reports whether the submitted dialog is the upload page. Then there is nothing to do: the page has
// sent its reply already.
func isUploadAnswer(data json.RawMessage) bool {
	var d struct {
		Uploaded bool `json:"uploaded"`
	}
	return json.Unmarshal(data, &d) == nil && d.Uploaded
}

// uploads stores replies that are sent on the upload page. Each opening of the page has a ticket, for which one reply
// counts.
type uploads struct {
	*organisation.App

	sweeper *sweep.Sweeper
	taking  sync.Mutex // held from the look whether a ticket is used until its reply is stored
}

func (u *uploads) isTaken(ctx context.Context, t upload.Ticket) (bool, error) {
	seen, err := u.sweeper.KnownFacts(ctx, fact.UploadID(t))
	return seen[fact.UploadID(t)], err
}

// storeUpload stores a reply that was sent on the upload page. already is true if a reply is stored for the ticket;
// then this one doesn't count. It stores one reply at a time, so that of two that come together only one is stored.
func (u *uploads) storeUpload(ctx context.Context, t upload.Ticket, r upload.Reply) (already bool, err error) {
	u.taking.Lock()
	defer u.taking.Unlock()
	already, err = u.isTaken(ctx, t)
	if err != nil || already {
		return already, err
	}
	body, err := json.Marshal(fact.Upload{Ticket: t, Reply: r})
	if err != nil {
		return false, fmt.Errorf("teams: upload: %w", err)
	}
	p := fact.Payload{Kind: fact.KindUpload, Me: u.Me, Body: body}
	return false, u.sweeper.Accept(ctx, []channels.Fact{p.Fact(fact.UploadID(t), fact.KeyOf(t.Place))})
}
