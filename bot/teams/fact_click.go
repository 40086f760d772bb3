package teams

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels"
)

// An invoke is a request of Teams that waits for a response to show: somebody has clicked a button, opened or submitted
// a dialog, or picked an entry of a message's menu. What the person wants is stored as a fact (one thing that
// happened). Facts are stored only once by their id, so a click that Teams sends twice must get the same id each time:
//
//	i:3f2a-1:<person>:<digest of the data>    where 3f2a-1 is the nonce of the button

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

// InvokesOfExtension is the prefix of the names of invokes that come from the message box or from a message's menu.
const InvokesOfExtension = "composeExtension/"

// Invoked is the value of an invoke. It has the fields of all kinds of invokes that we read.
type Invoked struct {
	Action struct {
		Verb string          `json:"verb"`
		Data json.RawMessage `json:"data"`
	} `json:"action"`
	Trigger string `json:"trigger"` // "automatic" if a client refreshes a card on its own
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

// ReadInvoked reads an invoke's value. Fields that can't be read are empty.
func ReadInvoked(a *Activity) Invoked {
	var v Invoked
	_ = json.Unmarshal(a.Value, &v) //nolint:errcheck // see above
	return v
}

// submittedData returns the data of a button together with what was typed. Clients that don't know Action.Execute send
// a message instead of an invoke. Its value may be JSON in a string.
func submittedData(a *Activity) json.RawMessage {
	if a.Type != TypeInvoke {
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

// ClickPlace returns the place (channel, thread and message) of a click: the card's message or, for a button in a
// dialog, the place where the dialog was opened.
func ClickPlace(a *Activity, c *card.Click) bridge.Place {
	if c.Place != (bridge.Place{}) {
		return c.Place
	}
	at := PlaceOf(a)
	at.Message = a.ReplyToID
	if at.Thread == at.Message { // the message begins its thread
		at.Thread = ""
	}
	return at
}

// ClickFact reads the click in data and makes its fact. Clicks by one person on the same button of the same card have
// the same id. If data can't be read, the click is nil, and the fact is one that is quarantined: stored, but not
// applied. If data is empty or JSON in a string, it is read from the activity instead.
func (p Payload) ClickFact(a *Activity, data json.RawMessage) (channels.Fact, *card.Click) {
	if len(data) == 0 || data[0] == '"' {
		data = submittedData(a)
	}
	read, err := card.Read(data)
	if err != nil || read.Click == nil {
		return forms.QuarantinedFact(p.Body, fmt.Sprintf("button not readable: %v", err)), nil
	}
	p.Kind = KindClick
	at := ClickPlace(a, read.Click)
	return p.Fact(p.InvokeID(a, read.Click.Nonce, data), KeyOf(at)), read.Click
}

// FormFact makes the fact of a submitted form. A form that is submitted again with the same values has the same id.
func (p Payload) FormFact(a *Activity, f *card.Submitted, data json.RawMessage) channels.Fact {
	p.Kind = kindForm
	at := f.Memory.Place
	return p.Fact(p.InvokeID(a, f.Memory.Nonce, data), KeyOf(at))
}

// maxNonceInID bounds a nonce in a fact's id, because a client may send any nonce.
const maxNonceInID = 64

// InvokeID returns the id of the fact of a click or a submitted form. nonce is the id of the button or dialog. The id is
// the same for the same person, nonce and data, regardless of the order of the data's fields.
func (p Payload) InvokeID(a *Activity, nonce string, data json.RawMessage) string {
	if nonce == "" || len(nonce) > maxNonceInID {
		nonce = a.ID
	}
	return "i:" + strings.ReplaceAll(nonce, ":", "-") + ":" + string(p.Actor(a).ID) + ":" + forms.Digest(withSortedKeys(data))
}

// withSortedKeys returns a JSON object with its keys sorted, and anything else unchanged.
func withSortedKeys(data json.RawMessage) string {
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return string(data)
	}
	sorted, err := json.Marshal(fields) // sorts the keys
	if err != nil {
		return string(data)
	}
	return string(sorted)
}

func (p Payload) decodeClick(a *Activity) ([]bridge.Action, error) {
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

// errOrData returns err, or ErrData if the data could be read but isn't of the expected kind.
func errOrData(err error) error {
	if err == nil {
		return card.ErrData
	}
	return err
}

func (p Payload) decodeForm(a *Activity) ([]bridge.Action, error) {
	read, err := card.Read(submittedData(a))
	if err != nil || read.Form == nil {
		return nil, fmt.Errorf("%w: form: %w", errDecode, errOrData(err))
	}

	filled, errs := read.Form.Fill()
	if len(errs) > 0 {
		return nil, fmt.Errorf("%w: form not valid: wrong fields: %d", errDecode, len(errs))
	}
	if filled.Next { // the form only opens another one
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
		Explicit:   filled.Verb == bridge.VerbReply, // the form says that the text goes to the customer
		OwnThread:  p.Own,
	}}, nil
}

// decodeMenu reads the activity of an entry of a message's menu that acts at once: "Undo" or "Send to customer".
func (p Payload) decodeMenu(a *Activity) ([]bridge.Action, error) {
	invoked := ReadInvoked(a)
	name := VerbOf(invoked.CommandID)
	if name == "" || !verb.Of(name).Menus.Message.AtOnce || invoked.Message == nil {
		return nil, fmt.Errorf("%w: menu entry %q", errDecode, shorten(invoked.CommandID))
	}
	return []bridge.Action{{
		Verb:      name,
		Origin:    bridge.OriginShortcut,
		Actor:     p.Actor(a),
		Place:     MessagePlace(a, invoked.Message),
		OwnThread: p.Own,
	}}, nil
}

// MessagePlace returns the place of the message in whose menu an entry was chosen. If m is nil, the entry was chosen
// below the message box, and it returns the thread of the box.
func MessagePlace(a *Activity, m *MenuMessage) bridge.Place {
	at := PlaceOf(a)
	at.Message = ""
	if m == nil {
		return at
	}
	at.Message = m.ID
	at.Thread = cmp.Or(m.ReplyToID, at.Thread)
	if at.Thread == at.Message {
		at.Thread = ""
	}
	return at
}
