package teams

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/upload"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels"
)

// Parley can read files that agents attach in Teams only if an administrator has granted a permission for it. As an
// alternative, the form of a reply has a button "Attach files…". It opens a web page of Parley, the upload page (package
// upload), which Teams shows as a dialog.

// uploadPath is the path of the upload page below our public URL.
const uploadPath = "/teams/upload"

// FrameOrigins returns the origins of Teams' clients, which may show our page in a frame: those of the public cloud and of the
// US government's clouds.
// Source: learn.microsoft.com/microsoftteams/platform/tabs/how-to/tab-requirements, read 2026-11. For the government's clouds,
// see rest.ClientHost.
func FrameOrigins() []string {
	return []string{
		"https://teams.microsoft.com", "https://*.teams.microsoft.com", "https://*.cloud.microsoft",
		"https://*.teams.microsoft.us",
	}
}

// newUpload makes the upload page, or returns nil if Teams' clients couldn't show it. They require https. For trials, it also
// accepts http on this machine.
func newUpload(o Options, app *App) *upload.Page {
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
		Base: strings.TrimRight(o.PublicURL, "/"), Path: uploadPath, Keys: o.LinkKeys, Ancestors: ancestors,
		AppID: o.AppID, Desk: o.Desk, Now: o.Now, Zone: o.Zone, Log: o.Log, Used: app.isUploadTaken,
		HandIn: app.storeUpload,
	})
}

// openUploadPage replaces the open form of a reply by the upload page, whose URL has the values of the form.
func (in *invocation) openUploadPage(ctx context.Context, f *card.Submitted) any {
	_, args, err := verb.Pressed(f.Memory.Verb, f.Memory.Args)
	if err != nil || in.door.upload == nil {
		return dialogAnswer(in.dialogWithTyped(errStaleForm(), f.Memory.Place, f.TypedText()))
	}

	if field, problem := verb.CompleteReply(&args, f.Values); problem != "" {
		return dialogAnswer(in.formDialogAgain(ctx, f, map[string]string{field: problem}))
	}

	ticket := upload.Ticket{
		User: in.user.ID, Conversation: args.Conversation, Message: args.Message, To: args.To, Cc: args.Cc,
		Shown: args.Shown, Promotional: args.Promotional, Place: f.Memory.Place,
		Opened: cmp.Or(f.Memory.Since, f.Memory.At), Nonce: cmp.Or(f.Memory.Nonce, in.makeNonce()),
	}

	return pageAnswer("Send files", in.door.upload.Link(ticket, in.value.Context.Theme, verb.TypedReply(args, f.Values)))
}

// isUploadAnswer reports whether a submitted dialog is the upload page. The page has sent its reply already, so the submission
// only closes the dialog.
func isUploadAnswer(data json.RawMessage) bool {
	var submission struct {
		Uploaded bool `json:"uploaded"`
	}
	return json.Unmarshal(data, &submission) == nil && submission.Uploaded
}

// The replies that agents send on the upload page are stored as facts: bytes with an id, stored only once. The id comes
// from the page's ticket, so that a ticket makes only one reply, however often the page is submitted.

// isUploadTaken reports whether a reply is stored for a ticket.
func (app *App) isUploadTaken(ctx context.Context, ticket upload.Ticket) (bool, error) {
	id := UploadID(ticket)
	known, err := app.Sweep.KnownFacts(ctx, id)
	return known[id], err
}

// storeUpload stores a reply, unless another one is stored for its ticket already. Then already is true, and this reply is
// dropped. Several processes may store replies for a ticket at the same time, so only the journal knows which of them counts.
func (app *App) storeUpload(ctx context.Context, ticket upload.Ticket, reply upload.Reply) (already bool, err error) {
	body, err := json.Marshal(Upload{Ticket: ticket, Reply: reply})
	if err != nil {
		return false, fmt.Errorf("teams: upload: %w", err)
	}
	payload := Payload{Kind: KindUpload, Me: app.Me, Body: body}
	f := payload.Fact(UploadID(ticket), KeyOf(ticket.Place))
	if err := app.Sweep.Accept(ctx, []channels.Fact{f}); err != nil {
		return false, err
	}
	stored, err := app.Desk.FactPayload(ctx, f.ExternalID)
	if err != nil {
		return false, fmt.Errorf("teams: upload: %w", err)
	}
	return stored != nil && !bytes.Equal(stored, f.Payload), nil
}

// Upload is the Body of a Payload of KindUpload: a reply with files that an agent sent on Parley's upload page. The
// ticket says who opened the page, and for which conversation.
type Upload struct {
	Ticket upload.Ticket `json:"ticket"`
	Reply  upload.Reply  `json:"reply"`
}

// UploadID returns the id of the fact of a ticket's reply. A ticket counts only once.
func UploadID(t upload.Ticket) string { return "a:" + t.Nonce + ":" + string(t.User) }

func (p Payload) decodeUpload() ([]bridge.Action, error) {
	var sent Upload
	if err := json.Unmarshal(p.Body, &sent); err != nil {
		return nil, fmt.Errorf("%w: upload: %w", errDecode, err)
	}

	ticket := sent.Ticket
	text, err := upload.Text(ticket, sent.Reply)
	if err != nil {
		return nil, fmt.Errorf("%w: upload: %w", errDecode, err)
	}

	return []bridge.Action{{
		Verb:       bridge.VerbReply,
		Origin:     bridge.OriginForm,
		Actor:      bridge.Actor{ID: ticket.User, Kind: bridge.ActorPerson},
		Place:      ticket.Place,
		Args:       ticket.Args(),
		OpenedForm: bridge.OpenedForm{Form: ticket.Nonce, OpenedAt: ticket.OpenedAt()},
		Text:       text,
		Files:      sent.Reply.Files,
		Explicit:   true, // the page says that the text goes to the customer
	}}, nil
}
