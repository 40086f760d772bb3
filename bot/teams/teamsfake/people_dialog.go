package teamsfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// In Teams, a bot can show a person a dialog: an Adaptive Card to fill in, or a web page. The client asks the bot for the
// dialog with a request (task/fetch, for example), and later sends what the person submits (task/submit). The bot answers
// with a text, with nothing, which closes the dialog, or with the next dialog.

// Dialog is a dialog that a person has open. A person has at most one.
type Dialog struct {
	Title  string          `json:"title"`
	Width  any             `json:"width,omitempty"`
	Height any             `json:"height,omitempty"`
	URL    string          `json:"url,omitempty"`  // of the web page, if the dialog shows one
	Card   json.RawMessage `json:"card,omitempty"` // an Adaptive Card

	family  string // "task" or "composeExtension", the prefix of the names of its requests
	at      Where  // conversation in which it was opened
	replyTo string // id of the message in which it was opened; "" if none
	command Object // composeExtension only: fields that the submission repeats
}

// ErrNoDialog means that the person has no open dialog.
var ErrNoDialog = errors.New("no dialog is open")

// Dialog returns a copy of a person's open dialog, or nil.
func (people *People) Dialog(user string) *Dialog {
	people.Mu.Lock()
	defer people.Mu.Unlock()
	dialog := people.invokes.dialogs[user]
	if dialog == nil {
		return nil
	}
	copied := *dialog
	return &copied
}

// CloseDialog closes the open dialog without submitting it. The bot isn't notified.
// Errors: ErrNoDialog.
func (p *Person) CloseDialog() error {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	if people.invokes.dialogs[p.id] == nil {
		return ErrNoDialog
	}
	delete(people.invokes.dialogs, p.id)
	people.Note(Change{Kind: "dialog", User: p.id})
	return nil
}

// open asks the bot for a dialog with a request, and shows its answer. d has the unexported fields of the future dialog.
func (p *Person) open(ctx context.Context, d *Dialog, name string, value Object) (*Outcome, error) {
	out, err := p.people.invokes.ask(ctx, name, value, p.people.invokes.invokeAt(p.id, d.at, d.replyTo))
	if err != nil || out.Error != "" {
		return out, err
	}
	return p.show(out, d, name), nil
}

// Submit fills in the open dialog and presses a button. If button is "", it presses the first Action.Submit. Inputs of the
// card that inputs doesn't name keep their initial values.
// Errors: ErrNoDialog; client.ErrInvalid if the client refuses the inputs, so that nothing is sent; no such button or input;
// ctx's.
func (p *Person) Submit(ctx context.Context, button string, inputs Inputs) (*Outcome, error) {
	d, data, err := p.people.invokes.fillDialog(p.id, button, inputs)
	if err != nil {
		return nil, err
	}
	return p.submitDialog(ctx, d, data)
}

// Complete acts as the web page in the open dialog, which submits a result.
// Source: npm @microsoft/teams-js 2.58.0, dialog.url.submit.
// Errors: ErrNoDialog, also if the dialog shows a card; ctx's.
func (p *Person) Complete(ctx context.Context, result any) (*Outcome, error) {
	d := p.people.Dialog(p.id)
	if d == nil || d.URL == "" {
		return nil, ErrNoDialog
	}
	return p.submitDialog(ctx, d, result)
}

func (p *Person) submitDialog(ctx context.Context, d *Dialog, data any) (*Outcome, error) {
	people := p.people
	name, value := d.family+"/submit", Object{"data": data, "context": p.clientContext()}
	if d.family == "composeExtension" {
		name = "composeExtension/submitAction"
		maps.Copy(value, d.command)
	}

	out, err := people.invokes.ask(ctx, name, value, people.invokes.invokeAt(p.id, d.at, d.replyTo))
	if err != nil {
		return nil, err
	}
	if out.Error != "" {
		out.Dialog = people.Dialog(p.id)
		return out, nil
	}

	return p.show(out, d, name), nil
}

// fillDialog fills in a user's open dialog, and returns the dialog and the data that the button sends.
func (i *invokes) fillDialog(user, button string, inputs Inputs) (*Dialog, Object, error) {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	d := i.dialogs[user]
	if d == nil {
		return nil, nil, ErrNoDialog
	}

	card := Decode(d.Card)
	if card == nil {
		return nil, nil, errors.New("teamsfake: the dialog shows a page, not a card")
	}

	action := FindAction(card, button)
	if button == "" {
		Walk(card, func(o Object) {
			if action == nil && o["type"] == "Action.Submit" {
				action = o
			}
		})
	}

	if action == nil || action["type"] != "Action.Submit" {
		return nil, nil, fmt.Errorf("teamsfake: the dialog %q has no button %q that submits", d.Title, button)
	}

	filled := map[string]string{}
	if action["associatedInputs"] != "none" {
		var err error
		if filled, err = Gather(card, inputs, i.org.IsPerson); err != nil {
			return nil, nil, err
		}
	}

	return d, Merge(action["data"], filled), nil
}

// taskAnswer is the bot's answer to a request of a dialog or of a message extension, an entry that an app adds to Teams'
// menus. ComposeExtension has cards, such as search results, that the person can put into a message.
type taskAnswer struct {
	Task *struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
	} `json:"task"`
	ComposeExtension *struct {
		Type             string             `json:"type"`
		AttachmentLayout string             `json:"attachmentLayout"`
		Text             string             `json:"text"`
		Attachments      []resultAttachment `json:"attachments"`
	} `json:"composeExtension"`
}

type resultAttachment struct {
	WireAttachment
	Preview *WireAttachment `json:"preview"`
}

// show completes an Outcome with the bot's answer to a request of a dialog: it opens, replaces or closes the dialog. name is
// the name of the request.
func (p *Person) show(out *Outcome, d *Dialog, name string) *Outcome {
	people := p.people
	people.Mu.Lock()
	defer people.Mu.Unlock()
	var answer taskAnswer
	if out.Response != nil {
		if err := json.Unmarshal(out.Response, &answer); err != nil {
			return people.invokes.noteMisread(out, name, err.Error())
		}
	}

	next := answer.Task
	isSubmission := strings.HasSuffix(name, "/submit") || name == "composeExtension/submitAction"
	isEmpty := len(out.Response) == 0 || string(out.Response) == "{}"
	closes := isSubmission && isEmpty // an empty answer is allowed only after a submission
	switch {
	case next != nil && next.Type == "continue":
		return people.invokes.showDialog(out, p.id, d, name, next.Value)
	case next != nil && next.Type == "message":
		people.invokes.closeDialog(p.id)
		if json.Unmarshal(next.Value, &out.Message) != nil {
			return people.invokes.noteMisread(out, name, "has a message that is no text")
		}
	case next != nil:
		return people.invokes.noteMisread(out, name, fmt.Sprintf("has task type %q", next.Type))
	case answer.ComposeExtension != nil && d.family == "composeExtension":
		people.invokes.closeDialog(p.id)
		return people.invokes.showResults(out, name, d.at.Room, &answer)
	case !closes:
		return people.invokes.noteMisread(out, name, "opens nothing: "+string(out.Response))
	default:
		people.invokes.closeDialog(p.id)
	}

	return out
}

// isShowable reports whether a dialog shows a web page. Teams requires https. The emulator also accepts http on this machine,
// for tests.
func isShowable(page string) bool {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return false
	}
	isLocal := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && isLocal
}

func (i *invokes) closeDialog(user string) {
	delete(i.dialogs, user)
	i.Note(Change{Kind: "dialog", User: user})
}

// showDialog opens a dialog that the bot has sent (value), or replaces the open one. d has the unexported fields of the
// dialog. The caller holds the lock.
func (i *invokes) showDialog(out *Outcome, user string, d *Dialog, name string, value json.RawMessage) *Outcome {
	var task struct {
		Title, URL    string
		Width, Height any
		Card          *WireAttachment
	}
	if err := json.Unmarshal(value, &task); err != nil {
		return i.noteMisread(out, name, err.Error())
	}

	next := *d
	next.Title, next.URL, next.Card = task.Title, task.URL, nil
	next.Width, next.Height = task.Width, task.Height
	switch {
	case task.Card == nil && task.URL == "":
		return i.noteMisread(out, name, "has neither card nor url")
	case task.URL != "" && !isShowable(task.URL):
		return i.noteMisread(out, name, "has a page that is not https: "+task.URL)
	case task.Title == "":
		i.NoteTrouble(name, "", "the dialog has no title")
	}

	if task.Card != nil {
		if task.Card.ContentType != KindCard {
			return i.noteMisread(out, name, "has a card of type "+task.Card.ContentType)
		}

		next.Card = task.Card.Content
		for _, fault := range i.org.DialogFaults(next.Card, d.at.Room) {
			i.NoteTrouble(name, "", fault)
		}
	}

	i.dialogs[user] = &next
	shown := next
	out.Dialog = &shown
	i.Note(Change{Kind: "dialog", User: user})
	return out
}

// showResults adds the cards with which a message extension has answered to an Outcome. The caller holds the lock.
func (i *invokes) showResults(out *Outcome, name string, room *Room, answer *taskAnswer) *Outcome {
	extension := answer.ComposeExtension
	switch extension.Type {
	case "message":
		out.Message = extension.Text
		return out
	case "result":
	default:
		return i.noteMisread(out, name, fmt.Sprintf("has type %q", extension.Type))
	}

	if !slices.Contains([]string{"list", "grid"}, extension.AttachmentLayout) {
		i.NoteTrouble(name, "", fmt.Sprintf("attachmentLayout %q", extension.AttachmentLayout))
	}

	if len(extension.Attachments) > maxResultsPerPage {
		i.NoteTrouble(name, "", fmt.Sprintf("%d results, %d is the most", len(extension.Attachments), maxResultsPerPage))
	}

	for _, attachment := range extension.Attachments {
		result := Result{Kind: attachment.ContentType, Card: attachment.Content}
		if attachment.Preview != nil {
			result.Preview = attachment.Preview.Content
		}

		if attachment.ContentType == KindCard {
			if name == "composeExtension/query" && attachment.Preview == nil {
				i.NoteTrouble(name, "", "an Adaptive Card without preview")
			}

			for _, fault := range i.org.CardFaults(attachment.Content, room) {
				i.NoteTrouble(name, "", fault)
			}
		}

		out.Results = append(out.Results, result)
	}

	return out
}
