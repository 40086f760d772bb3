package graphfake

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// phonePattern is a number in "to", as people may write it.
var phonePattern = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{4,24}$`)

func missing(name string) *APIError {
	return apiError(131008, words(131008), "Parameter "+name+" is missing or empty.")
}

func badValue(name, why string) *APIError {
	return apiError(131009, words(131009), "Parameter "+name+" "+why+".")
}

// validate checks a message and reads its words into m.
// Source: Cloud API, "Messages" and the pages of each kind.
func (n *Number) validate(in incoming, m *Message) *APIError {
	switch {
	case in.RecipientType != "" && in.RecipientType != "individual":
		return badValue("recipient_type", "must be individual")
	case in.To == "" && in.Recipient == "":
		return missing("to")
	case in.To != "" && !phonePattern.MatchString(in.To) && !userIDPattern.MatchString(in.To):
		return badValue("to", "is not a phone number")
	case in.To == "" && !userIDPattern.MatchString(in.Recipient):
		return badValue("recipient", "is not a user id")
	case in.Token != nil && len(*in.Token) > 512:
		return badValue("biz_opaque_callback_data", "is longer than 512 characters")
	case in.Context != nil && in.Context.MessageID == "":
		return missing("context.message_id")
	case !slices.Contains(kinds(), in.Type):
		return apiError(100, "Invalid parameter", "Param type must be one of {"+strings.ToUpper(strings.Join(kinds(), ", "))+"}.")
	}
	raw, ok := in.fields[in.Type]
	if !ok {
		return missing(in.Type)
	}
	if in.Context != nil && (in.Type == "reaction" || in.Type == "template") {
		return badValue("context", "can't be used with "+in.Type)
	}
	switch in.Type {
	case "text":
		return validText(raw, m)
	case "image", "video", "audio", "document", "sticker":
		return validMedia(in.Type, raw, m)
	case "location":
		return validLocation(raw, m)
	case "contacts":
		return validContacts(raw, m)
	case "interactive":
		return validInteractive(raw, m)
	case "reaction":
		var r struct {
			MessageID string  `json:"message_id"`
			Emoji     *string `json:"emoji"`
		}
		if err := strict(raw, &r, "reaction"); err != nil {
			return err
		}
		if r.MessageID == "" || r.Emoji == nil {
			return missing("reaction.message_id or emoji")
		}
	}
	return nil
}

// strict reads an object and refuses keys that it doesn't have, as Graph does.
func strict(raw json.RawMessage, v any, name string) *APIError {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return apiError(100, "Invalid parameter", fmt.Sprintf("Param %s: %v", name, err))
	}
	return nil
}

// within checks the length of a text.
func within(name, s string, least, most int) *APIError {
	switch n := utf8.RuneCountInString(s); {
	case n < least:
		return missing(name)
	case n > most:
		return badValue(name, fmt.Sprintf("has %d characters, and %d are allowed", n, most))
	}
	return nil
}

func validText(raw json.RawMessage, m *Message) *APIError {
	var t struct {
		Body    string `json:"body"`
		Preview bool   `json:"preview_url"`
	}
	if err := strict(raw, &t, "text"); err != nil {
		return err
	}
	m.Text = t.Body
	return within("text.body", t.Body, 1, 4096)
}

// mediaObject is what a message says of a file.
type mediaObject struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
}

func validMedia(kind string, raw json.RawMessage, m *Message) *APIError {
	var o mediaObject
	if err := strict(raw, &o, kind); err != nil {
		return err
	}
	switch {
	case (o.ID == "") == (o.Link == ""):
		return missing(kind + ".id or link")
	case o.Caption != "" && (kind == "audio" || kind == "sticker"):
		return apiError(100, "Invalid parameter", "Unexpected key \"caption\" on param \""+kind+"\".")
	case o.Filename != "" && kind != "document":
		return apiError(100, "Invalid parameter", "Unexpected key \"filename\" on param \""+kind+"\".")
	}
	m.Text = o.Caption
	m.File = &File{Name: o.Filename}
	return within(kind+".caption", o.Caption, 0, 1024)
}

func validLocation(raw json.RawMessage, m *Message) *APIError {
	var l struct {
		Latitude  *json.Number `json:"latitude"`
		Longitude *json.Number `json:"longitude"`
		Name      string       `json:"name"`
		Address   string       `json:"address"`
	}
	if err := strict(raw, &l, "location"); err != nil {
		return err
	}
	if l.Latitude == nil || l.Longitude == nil {
		return missing("location.latitude or longitude")
	}
	for name, v := range map[string]struct {
		n    *json.Number
		most float64
	}{"latitude": {l.Latitude, 90}, "longitude": {l.Longitude, 180}} {
		if f, err := v.n.Float64(); err != nil || f < -v.most || f > v.most {
			return badValue("location."+name, "is no place on Earth")
		}
	}
	m.Text = l.Name
	return nil
}

func validContacts(raw json.RawMessage, m *Message) *APIError {
	var list []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
			First     string `json:"first_name"`
			Last      string `json:"last_name"`
			Middle    string `json:"middle_name"`
			Suffix    string `json:"suffix"`
			Prefix    string `json:"prefix"`
		} `json:"name"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return apiError(100, "Invalid parameter", "Param contacts must be an array.")
	}
	if len(list) == 0 || len(list) > 257 {
		return badValue("contacts", "has none or too many")
	}
	for _, c := range list {
		if c.Name.Formatted == "" || c.Name.First+c.Name.Last+c.Name.Middle+c.Name.Suffix+c.Name.Prefix == "" {
			return missing("contacts.name.formatted_name and one more name")
		}
		m.Text = c.Name.Formatted
	}
	return nil
}

// Choice is something to tap.
type Choice struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`

	kind string
}

// interactiveObject is a message with something to tap.
type interactiveObject struct {
	Type   string `json:"type"`
	Header *struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"header"`
	Body *struct {
		Text string `json:"text"`
	} `json:"body"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
	Action struct {
		Name       string `json:"name"`
		Parameters *struct {
			DisplayText string `json:"display_text"`
			URL         string `json:"url"`
		} `json:"parameters"`
		Button  string `json:"button"`
		Buttons []struct {
			Type  string `json:"type"`
			Reply struct {
				ID    string `json:"id"`
				Title string `json:"title"`
			} `json:"reply"`
		} `json:"buttons"`
		Sections []struct {
			Title string `json:"title"`
			Rows  []struct {
				ID          string `json:"id"`
				Title       string `json:"title"`
				Description string `json:"description"`
			} `json:"rows"`
		} `json:"sections"`
	} `json:"action"`
}

func validInteractive(raw json.RawMessage, m *Message) *APIError {
	var o interactiveObject
	if err := strict(raw, &o, "interactive"); err != nil {
		return err
	}
	if o.Body == nil {
		return missing("interactive.body")
	}
	m.Text = o.Body.Text
	errs := []*APIError{within("interactive.body.text", o.Body.Text, 1, 1024)}
	if o.Header != nil && o.Header.Type == "text" {
		errs = append(errs, within("interactive.header.text", o.Header.Text, 1, 60))
	}
	if o.Footer != nil {
		errs = append(errs, within("interactive.footer.text", o.Footer.Text, 1, 60))
	}
	switch o.Type {
	case "button":
		errs = append(errs, o.validButtons()...)
	case "list":
		errs = append(errs, o.validList()...)
	case "cta_url":
		if p := o.Action.Parameters; o.Action.Name != "cta_url" || p == nil || !strings.HasPrefix(p.URL, "http") {
			errs = append(errs, missing("interactive.action.parameters"))
		} else {
			errs = append(errs, within("display_text", p.DisplayText, 1, 20))
		}
	case "location_request_message":
		if o.Action.Name != "send_location" {
			errs = append(errs, badValue("interactive.action.name", "must be send_location"))
		}
	default:
		errs = append(errs, badValue("interactive.type", "is unknown"))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (o interactiveObject) validButtons() (errs []*APIError) {
	if n := len(o.Action.Buttons); n < 1 || n > 3 {
		errs = append(errs, badValue("interactive.action.buttons", "has not 1 to 3 items"))
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range o.Action.Buttons {
		if b.Type != "reply" || ids[b.Reply.ID] || titles[b.Reply.Title] {
			errs = append(errs, badValue("interactive.action.buttons", "has a wrong type or twice the same"))
		}
		ids[b.Reply.ID], titles[b.Reply.Title] = true, true
		errs = append(errs, within("button id", b.Reply.ID, 1, 256), within("button title", b.Reply.Title, 1, 20))
	}
	return errs
}

func (o interactiveObject) validList() (errs []*APIError) {
	errs = append(errs, within("interactive.action.button", o.Action.Button, 1, 20))
	if n := len(o.Action.Sections); n < 1 || n > 10 {
		errs = append(errs, badValue("interactive.action.sections", "has not 1 to 10 items"))
	}
	rows, ids := 0, map[string]bool{}
	for _, s := range o.Action.Sections {
		least := 0
		if len(o.Action.Sections) > 1 {
			least = 1
		}
		errs = append(errs, within("section title", s.Title, least, 24))
		for _, r := range s.Rows {
			if ids[r.ID] {
				errs = append(errs, badValue("row id", "comes twice"))
			}
			ids[r.ID] = true
			rows++
			errs = append(errs, within("row id", r.ID, 1, 200), within("row title", r.Title, 1, 24), within("row description", r.Description, 0, 72))
		}
	}
	if rows < 1 || rows > 10 {
		errs = append(errs, badValue("interactive.action.sections", "has not 1 to 10 rows in total"))
	}
	return errs
}

// Choices lists what can be tapped below a message.
func (m *Message) Choices() []Choice {
	var list []Choice
	switch m.Type {
	case "interactive":
		var o interactiveObject
		_ = json.Unmarshal(m.Content, &o) // validated before
		for _, b := range o.Action.Buttons {
			list = append(list, Choice{ID: b.Reply.ID, Title: b.Reply.Title, kind: "button_reply"})
		}
		for _, s := range o.Action.Sections {
			for _, r := range s.Rows {
				list = append(list, Choice{ID: r.ID, Title: r.Title, Description: r.Description, kind: "list_reply"})
			}
		}
		if p := o.Action.Parameters; p != nil {
			list = append(list, Choice{Title: p.DisplayText, URL: p.URL, kind: "url"})
		}
	case "template":
		list = append(list, m.buttons...)
	}
	return list
}
