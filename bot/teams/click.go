package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// Names of invokes.
// Source: npm @microsoft/teams.api 2.1.0; learn.microsoft.com/microsoftteams/platform, read 2026-11.
const (
	invokeCard     = "adaptiveCard/action"
	invokeFetch    = "task/fetch"
	invokeSubmit   = "task/submit"
	invokeCompose  = "composeExtension/fetchTask"
	invokeComposed = "composeExtension/submitAction"
	invokeQuery    = "composeExtension/query"
	invokeConfig   = "config/fetch"
	invokeConfiged = "config/submit"
	invokeConsent  = "fileConsent/invoke"
)

// invoked is the value of an invoke: the fields that we read, for all kinds of invokes.
type invoked struct {
	Action struct {
		Verb string          `json:"verb"`
		Data json.RawMessage `json:"data"`
	} `json:"action"`
	Trigger string `json:"trigger"` // automatic: a client brings a card up to date
	Context struct {
		Theme string `json:"theme"` // default, dark, contrast
	} `json:"context"`
	Data       json.RawMessage `json:"data"`
	CommandID  string          `json:"commandId"`
	Message    *messagePayload `json:"messagePayload"`
	Parameters []struct {
		Name  string          `json:"name"`
		Value json.RawMessage `json:"value"`
	} `json:"parameters"`
	Options struct {
		Skip  int `json:"skip"`
		Count int `json:"count"`
	} `json:"queryOptions"`
}

// messagePayload is the message in whose menu an entry was chosen.
type messagePayload struct {
	ID        string `json:"id"`
	ReplyToID string `json:"replyToId"`
	From      struct {
		User struct {
			ID   string `json:"id"`
			Name string `json:"displayName"`
		} `json:"user"`
	} `json:"from"`
	Body struct {
		ContentType string `json:"contentType"`
		Content     string `json:"content"`
	} `json:"body"`
}

// readInvoked reads an invoke's value; what isn't as expected is left empty.
func readInvoked(a *connector.Activity) invoked {
	var v invoked
	_ = json.Unmarshal(a.Value, &v) //nolint:errcheck // a field of another kind stays empty
	return v
}

// submitted gives what a button carried and what was filled in. The activity is an invoke, or a message
// from a client that doesn't know Action.Execute; the value of such a message may be JSON in a string.
func submitted(a *connector.Activity) json.RawMessage {
	if a.Type != connector.TypeInvoke {
		var text string
		if json.Unmarshal(a.Value, &text) == nil {
			return json.RawMessage(text)
		}
		return a.Value
	}
	v := readInvoked(a)
	if a.Name == invokeCard {
		return v.Action.Data
	}
	return v.Data
}

// clickPlace is where a button was clicked: at the card's message or, in a dialog, where that was opened.
func clickPlace(a *connector.Activity, c *card.Click) bridge.Place {
	if c.Place != (bridge.Place{}) {
		return c.Place
	}
	at := place(a)
	at.Message = a.ReplyToID
	if at.Thread == at.Message {
		at.Thread = ""
	}
	return at
}

// clickFact makes the fact of a click. Its id is the same for each click of one person on the same button
// of the same card.
func (p payload) clickFact(a *connector.Activity, data json.RawMessage) (channels.Fact, *card.Click) {
	if len(data) == 0 || data[0] == '"' {
		data = submitted(a)
	}
	read, err := card.Read(data)
	if err != nil || read.Click == nil {
		return quarantined(p.Body, fmt.Sprintf("button not readable: %v", err)), nil
	}
	p.Kind = kindClick
	at := clickPlace(a, read.Click)
	return p.fact(p.invokeID(a, read.Click.Nonce, data), orderKey(at.Channel, root(at))), read.Click
}

// clickSpan is how long, in seconds, a second click is taken for a repetition by the client, which asks
// three times within 15 s. A later one is a new click: its person was told to try again, or saw that
// somebody undid the first.
const clickSpan = 10

// clickFacts makes the facts of a click. A later click on the same button is another fact (see clickSpan).
// Errors: the desk's.
func (it *intake) clickFacts(ctx context.Context, p payload, a *connector.Activity, data json.RawMessage) ([]channels.Fact, *card.Click, error) {
	f, click := p.clickFact(a, data)
	if click == nil {
		return []channels.Fact{f}, nil, nil
	}
	at := a.At()
	if at.IsZero() {
		at = it.now()
	}
	var near []string
	for back := range int64(3) {
		near = append(near, fmt.Sprintf("k:%s:%d", f.ExternalID, at.Unix()/clickSpan-back))
	}
	seen, err := it.sweeper.Seen(ctx, append(near, f.ExternalID)...)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !seen[f.ExternalID]:
	case slices.ContainsFunc(near, func(id string) bool { return seen[id] }):
		return []channels.Fact{f}, click, nil // the same one
	default:
		f.ExternalID += strings.TrimPrefix(near[0], "k:"+f.ExternalID)
	}
	return []channels.Fact{f, p.known(near[0], f.OrderKey)}, click, nil
}

// formFact makes the fact of a filled form. Its id comes from what was filled in, so that a repetition is the same.
func (p payload) formFact(a *connector.Activity, f *card.Submitted, data json.RawMessage) channels.Fact {
	p.Kind = kindForm
	at := f.Memory.Place
	return p.fact(p.invokeID(a, f.Memory.Nonce, data), orderKey(at.Channel, root(at)))
}

func (p payload) invokeID(a *connector.Activity, nonce string, data json.RawMessage) string {
	if nonce == "" || len(nonce) > 64 {
		nonce = a.ID
	}
	filled := string(data)
	var fields map[string]any
	if json.Unmarshal(data, &fields) == nil {
		if sorted, err := json.Marshal(fields); err == nil { // by sorted keys
			filled = string(sorted)
		}
	}
	return "i:" + strings.ReplaceAll(nonce, ":", "-") + ":" + p.actor(a).ID + ":" + digest(filled)
}

func (p payload) decodeClick(a *connector.Activity) ([]bridge.Action, error) {
	read, err := card.Read(submitted(a))
	if err != nil || read.Click == nil {
		return nil, fmt.Errorf("%w: button: %w", errDecode, orData(err))
	}
	c := read.Click
	return []bridge.Action{{Verb: c.Verb, Origin: bridge.OriginButton, Actor: p.actor(a), Place: clickPlace(a, c), Args: c.Args, OwnThread: p.Own}}, nil
}

// orData gives err, or ErrData where the data could be read but are of another kind.
func orData(err error) error {
	if err == nil {
		return card.ErrData
	}
	return err
}

func (p payload) decodeForm(a *connector.Activity) ([]bridge.Action, error) {
	read, err := card.Read(submitted(a))
	if err != nil || read.Form == nil {
		return nil, fmt.Errorf("%w: form: %w", errDecode, orData(err))
	}
	filled, errs := read.Form.Fill()
	if len(errs) > 0 || filled.Next {
		return nil, fmt.Errorf("%w: form not valid", errDecode)
	}
	return []bridge.Action{{
		Verb: filled.Verb, Origin: bridge.OriginForm, Actor: p.actor(a), Place: read.Form.Memory.Place, Args: filled.Args,
		Form: read.Form.Memory.Nonce, Text: filled.Text, Rich: filled.Rich, Explicit: filled.Verb == bridge.VerbReply, OwnThread: p.Own,
	}}, nil
}
