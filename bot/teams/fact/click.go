package fact

import (
	"encoding/json"
	"fmt"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// An invoke is a request of Teams' that waits for an answer: a click on a card, a dialog that is opened or submitted, an
// entry of a message's menu. What it asks for is stored as a fact, one thing that happened, whose id is the same for a
// click that Teams sends twice.

// Names of invokes.
// Source: npm @microsoft/teams.api 2.1.0; learn.microsoft.com/microsoftteams/platform, read 2026-11.
const (
	InvokeCard     = "adaptiveCard/action"
	InvokeFetch    = "task/fetch"
	InvokeSubmit   = "task/submit"
	InvokeCompose  = "composeExtension/fetchTask"
	InvokeComposed = "composeExtension/submitAction"
	InvokeQuery    = "composeExtension/query"
)

// InvokesOfExtension begins the names of invokes that come from the message box or from a message's menu.
const InvokesOfExtension = "composeExtension/"

// Invoked is the value of an invoke: the fields that we read, for all kinds of invokes.
type Invoked struct {
	Action struct {
		Verb string          `json:"verb"`
		Data json.RawMessage `json:"data"`
	} `json:"action"`
	Trigger string `json:"trigger"` // "automatic" if a client refreshes a card by itself
	Context struct {
		Theme string `json:"theme"` // default, dark or contrast
	} `json:"context"`
	Data       json.RawMessage `json:"data"`
	CommandID  string          `json:"commandId"`
	Message    *MenuMessage    `json:"messagePayload"`
	Parameters []struct {
		Name  string          `json:"name"`
		Value json.RawMessage `json:"value"`
	} `json:"parameters"`
	Options struct {
		Skip  int `json:"skip"`
		Count int `json:"count"`
	} `json:"queryOptions"`
}

// MenuMessage is the message in whose menu an entry was chosen.
type MenuMessage struct {
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

// ReadInvoked reads an invoke's value. Fields that can't be read stay empty.
func ReadInvoked(a *connector.Activity) Invoked {
	var v Invoked
	_ = json.Unmarshal(a.Value, &v) //nolint:errcheck // see above
	return v
}

// submittedData returns what a button carried and what was filled in. Clients that don't know Action.Execute send a message
// in place of an invoke. Its value may be JSON in a string.
func submittedData(a *connector.Activity) json.RawMessage {
	if a.Type != connector.TypeInvoke {
		var text string
		if json.Unmarshal(a.Value, &text) == nil {
			return json.RawMessage(text)
		}
		return a.Value
	}
	v := ReadInvoked(a)
	if a.Name == InvokeCard {
		return v.Action.Data
	}
	return v.Data
}

// ClickPlace returns where a button was clicked: at the card's message or, in a dialog, where the dialog was opened.
func ClickPlace(a *connector.Activity, c *card.Click) bridge.Place {
	if c.Place != (bridge.Place{}) {
		return c.Place
	}
	at := PlaceOf(a)
	at.Message = a.ReplyToID
	if at.Thread == at.Message { // a root is in no thread
		at.Thread = ""
	}
	return at
}

// ClickFact reads the click in data, and makes its fact. Clicks of one person on the same button of the same card have the
// same id. If data can't be read, the click is nil, and the fact is put into quarantine. If data is empty or JSON in a
// string, it is read from the activity.
func (p Payload) ClickFact(a *connector.Activity, data json.RawMessage) (channels.Fact, *card.Click) {
	if len(data) == 0 || data[0] == '"' {
		data = submittedData(a)
	}
	read, err := card.Read(data)
	if err != nil || read.Click == nil {
		return QuarantinedFact(p.Body, fmt.Sprintf("button not readable: %v", err)), nil
	}
	p.Kind = KindClick
	at := ClickPlace(a, read.Click)
	return p.Fact(p.InvokeID(a, read.Click.Nonce, data), KeyOf(at)), read.Click
}

// FormFact makes the fact of a filled form. A form that is sent again with the same values has the same id.
func (p Payload) FormFact(a *connector.Activity, f *card.Submitted, data json.RawMessage) channels.Fact {
	p.Kind = kindForm
	at := f.Memory.Place
	return p.Fact(p.InvokeID(a, f.Memory.Nonce, data), KeyOf(at))
}

// maxNonceInID bounds a nonce in a fact's id, since a client may send any.
const maxNonceInID = 64

// InvokeID returns the id of the fact of a click or a filled form. It is the same for the same person, the same data, in
// whatever order, and the same nonce, which is the id of the button or dialog.
func (p Payload) InvokeID(a *connector.Activity, nonce string, data json.RawMessage) string {
	if nonce == "" || len(nonce) > maxNonceInID {
		nonce = a.ID
	}
	filled := string(data)
	var fields map[string]any
	if json.Unmarshal(data, &fields) == nil {
		if sorted, err := json.Marshal(fields); err == nil { // Marshal sorts the keys
			filled = string(sorted)
		}
	}
	return "i:" + strings.ReplaceAll(nonce, ":", "-") + ":" + string(p.Actor(a).ID) + ":" + Digest(filled)
}

func (p Payload) decodeClick(a *connector.Activity) ([]bridge.Action, error) {
	read, err := card.Read(submittedData(a))
	if err != nil || read.Click == nil {
		return nil, fmt.Errorf("%w: button: %w", errDecode, errOrData(err))
	}
	c := read.Click
	return []bridge.Action{{
		Verb:      c.Verb,
		Origin:    bridge.OriginButton,
		Actor:     p.Actor(a),
		Place:     ClickPlace(a, c),
		Args:      c.Args,
		OwnThread: p.Own,
	}}, nil
}

// errOrData returns err, or ErrData if the data could be read but are of another kind.
func errOrData(err error) error {
	if err == nil {
		return card.ErrData
	}
	return err
}

func (p Payload) decodeForm(a *connector.Activity) ([]bridge.Action, error) {
	read, err := card.Read(submittedData(a))
	if err != nil || read.Form == nil {
		return nil, fmt.Errorf("%w: form: %w", errDecode, errOrData(err))
	}

	filled, errs := read.Form.Fill()
	if len(errs) > 0 {
		return nil, fmt.Errorf("%w: form not valid: wrong fields: %d", errDecode, len(errs))
	}
	if filled.Next { // it only opens another form
		return nil, fmt.Errorf("%w: form not valid: another form follows it", errDecode)
	}

	memory := read.Form.Memory
	return []bridge.Action{{
		Verb:       filled.Verb,
		Origin:     bridge.OriginForm,
		Actor:      p.Actor(a),
		Place:      memory.Place,
		Args:       filled.Args,
		OpenedForm: bridge.OpenedForm{Form: memory.Nonce, OpenedAt: memory.OpenedAt()},
		Text:       filled.Text,
		Rich:       filled.Rich,
		Explicit:   filled.Verb == bridge.VerbReply, // the form of a reply says clearly that the text is for the customer
		OwnThread:  p.Own,
	}}, nil
}
