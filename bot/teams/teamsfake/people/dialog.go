package people

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

	"parley/bot/teams/teamsfake/announce"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/tenant"
)

// Dialog is the dialog that is open in front of a person. There is at most one at a time.
type Dialog struct {
	Title  string          `json:"title"`
	Width  any             `json:"width,omitempty"`
	Height any             `json:"height,omitempty"`
	URL    string          `json:"url,omitempty"`
	Card   json.RawMessage `json:"card,omitempty"` // an Adaptive Card

	family  string // task, composeExtension
	at      announce.Where
	replyTo string
	command object // of a message extension: what its submission repeats
}

// ErrNoDialog means that nothing is open in front of the person.
var ErrNoDialog = errors.New("no dialog is open")

// Dialog returns the dialog that is open in front of a person; nil if none is.
func (s *People) Dialog(user string) *Dialog {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if d := s.invokes.dialogs[user]; d != nil {
		c := *d
		return &c
	}
	return nil
}

// CloseDialog closes the open dialog. The bot isn't told.
// Errors: ErrNoDialog.
func (p *Person) CloseDialog() error {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.invokes.dialogs[p.id] == nil {
		return ErrNoDialog
	}
	delete(s.invokes.dialogs, p.id)
	s.Note(tenant.Change{Kind: "dialog", User: p.id})
	return nil
}

// open asks the bot for a dialog, and shows it.
func (p *Person) open(ctx context.Context, d *Dialog, name string, value object) (*Outcome, error) {
	out, err := p.s.invokes.ask(ctx, name, value, p.s.invokes.invokeAt(p.id, d.at, d.replyTo))
	if err != nil || out.Error != "" {
		return out, err
	}
	return p.show(out, d, name), nil
}

// Submit presses a button of the open dialog. button "" means its first Action.Submit. inputs are filled in; inputs
// of the card that aren't named keep their values.
// Errors: ErrNoDialog; client.ErrInvalid if the client refuses what was filled in, so that nothing is sent; no such
// button or input; ctx's.
func (p *Person) Submit(ctx context.Context, button string, inputs client.Inputs) (*Outcome, error) {
	d, data, err := p.s.invokes.fillDialog(p.id, button, inputs)
	if err != nil {
		return nil, err
	}
	return p.submitDialog(ctx, d, data)
}

// Complete is what the web page in the open dialog does when it is done: it submits a result.
// Source: npm @microsoft/teams-js 2.58.0, dialog.url.submit.
// Errors: ErrNoDialog, also for a dialog that shows a card; ctx's.
func (p *Person) Complete(ctx context.Context, result any) (*Outcome, error) {
	d := p.s.Dialog(p.id)
	if d == nil || d.URL == "" {
		return nil, ErrNoDialog
	}
	return p.submitDialog(ctx, d, result)
}

func (p *Person) submitDialog(ctx context.Context, d *Dialog, data any) (*Outcome, error) {
	s := p.s
	name, value := d.family+"/submit", object{"data": data, "context": p.clientContext()}
	if d.family == "composeExtension" {
		name = "composeExtension/submitAction"
		maps.Copy(value, d.command)
	}

	out, err := s.invokes.ask(ctx, name, value, s.invokes.invokeAt(p.id, d.at, d.replyTo))
	if err != nil {
		return nil, err
	}
	if out.Error != "" {
		out.Dialog = s.Dialog(p.id)
		return out, nil
	}

	return p.show(out, d, name), nil
}

// fillDialog fills in the dialog that is open for a user, and returns it with what its button sends.
func (i *invokes) fillDialog(user, button string, inputs client.Inputs) (*Dialog, object, error) {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	d := i.dialogs[user]
	if d == nil {
		return nil, nil, ErrNoDialog
	}

	card := client.Decode(d.Card)
	if card == nil {
		return nil, nil, errors.New("teamsfake: the dialog shows a page, not a card")
	}

	action := client.FindAction(card, button)
	if button == "" {
		client.Walk(card, func(o object) {
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
		if filled, err = client.Gather(card, inputs, i.org.IsPerson); err != nil {
			return nil, nil, err
		}
	}

	return d, client.Merge(action["data"], filled), nil
}

// taskAnswer is the answer to dialogs and to the action commands of extensions.
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
	tenant.WireAttachment
	Preview *tenant.WireAttachment `json:"preview"`
}

// show shows the person what the bot has answered to a dialog's invoke.
func (p *Person) show(out *Outcome, d *Dialog, name string) *Outcome {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var answer taskAnswer
	if out.Response != nil {
		if err := json.Unmarshal(out.Response, &answer); err != nil {
			return s.invokes.noteMisread(out, name, err.Error())
		}
	}

	next := answer.Task
	isSubmission := strings.HasSuffix(name, "/submit") || name == "composeExtension/submitAction"
	isEmpty := len(out.Response) == 0 || string(out.Response) == "{}"
	closes := isSubmission && isEmpty // only what was submitted needs no answer
	switch {
	case next != nil && next.Type == "continue":
		return s.invokes.showDialog(out, p.id, d, name, next.Value)
	case next != nil && next.Type == "message":
		s.invokes.closeDialog(p.id)
		if json.Unmarshal(next.Value, &out.Message) != nil {
			return s.invokes.noteMisread(out, name, "has a message that is no text")
		}
	case next != nil:
		return s.invokes.noteMisread(out, name, fmt.Sprintf("has task type %q", next.Type))
	case answer.ComposeExtension != nil && d.family == "composeExtension":
		s.invokes.closeDialog(p.id)
		return s.invokes.showResults(out, name, d.at.Room, &answer)
	case !closes:
		return s.invokes.noteMisread(out, name, "opens nothing: "+string(out.Response))
	default:
		s.invokes.closeDialog(p.id)
	}

	return out
}

// isShowable reports whether clients show a web page. Teams does only with https; the emulator also shows one on its
// own machine.
func isShowable(page string) bool {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	isHere := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	return u.Scheme == "http" && isHere
}

func (i *invokes) closeDialog(user string) {
	delete(i.dialogs, user)
	i.Note(tenant.Change{Kind: "dialog", User: user})
}

// showDialog opens or replaces a dialog. Caller holds the lock.
func (i *invokes) showDialog(out *Outcome, user string, d *Dialog, name string, value json.RawMessage) *Outcome {
	var task struct {
		Title, URL    string
		Width, Height any
		Card          *tenant.WireAttachment
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
		if task.Card.ContentType != tenant.KindCard {
			return i.noteMisread(out, name, "has a card of type "+task.Card.ContentType)
		}

		next.Card = task.Card.Content
		for _, f := range i.org.DialogFaults(next.Card, d.at.Room) {
			i.NoteTrouble(name, "", f)
		}
	}

	i.dialogs[user] = &next
	shown := next
	out.Dialog = &shown
	i.Note(tenant.Change{Kind: "dialog", User: user})
	return out
}

// showResults lists what an extension found or made. Caller holds the lock.
func (i *invokes) showResults(out *Outcome, name string, ch *tenant.Room, answer *taskAnswer) *Outcome {
	e := answer.ComposeExtension
	switch e.Type {
	case "message":
		out.Message = e.Text
		return out
	case "result":
		// It is shown below.
	default:
		return i.noteMisread(out, name, fmt.Sprintf("has type %q", e.Type))
	}

	if !slices.Contains([]string{"list", "grid"}, e.AttachmentLayout) {
		i.NoteTrouble(name, "", fmt.Sprintf("attachmentLayout %q", e.AttachmentLayout))
	}

	if len(e.Attachments) > maxResultsPerPage {
		i.NoteTrouble(name, "", fmt.Sprintf("%d results, %d is the most", len(e.Attachments), maxResultsPerPage))
	}

	for _, a := range e.Attachments {
		r := Result{Kind: a.ContentType, Card: a.Content}
		if a.Preview != nil {
			r.Preview = a.Preview.Content
		}

		if a.ContentType == tenant.KindCard {
			if name == "composeExtension/query" && a.Preview == nil {
				i.NoteTrouble(name, "", "an Adaptive Card without preview")
			}

			for _, f := range i.org.CardFaults(a.Content, ch) {
				i.NoteTrouble(name, "", f)
			}
		}

		out.Results = append(out.Results, r)
	}

	return out
}
