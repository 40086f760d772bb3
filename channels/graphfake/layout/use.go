package layout

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"parley/channels/graphfake/codes"
)

// Use is a template in a message.
type Use struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Language  struct {
		Code   string `json:"code"`
		Policy string `json:"policy"`
	} `json:"language"`
	Components []UsePart `json:"components"`
}

// UsePart is what a message says of a part of a template.
type UsePart struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type"`
	Index      *index      `json:"index"` // of a button
	Parameters []Parameter `json:"parameters"`
}

// index is a number from 0 on, which may stand in quotes; -1 stands for what isn't a number.
type index int

// UnmarshalJSON implements json.Unmarshaler.
func (i *index) UnmarshalJSON(raw []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	if err != nil {
		n = -1
	}
	*i = index(n)
	return nil
}

// Parameter fills in a variable.
type Parameter struct {
	Type     string          `json:"type"`
	Name     string          `json:"parameter_name"`
	Text     scalar          `json:"text"`
	Payload  string          `json:"payload"`
	Coupon   string          `json:"coupon_code"`
	Action   json.RawMessage `json:"action"`
	Location json.RawMessage `json:"location"`
	Image    *Media          `json:"image"`
	Video    *Media          `json:"video"`
	Document *Media          `json:"document"`
	Currency json.RawMessage `json:"currency"`
	DateTime json.RawMessage `json:"date_time"`
}

// scalar is a text, or what stands in its place in some of Meta's examples: true.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	*s = scalar(text)
	return nil
}

// Media is a file in a message: an upload, or one at an address.
type Media struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Filename string `json:"filename"`
}

// Filled is a template as the customer sees it.
type Filled struct {
	Text    string
	Buttons []FilledButton
	Kind    string // of File: image, video, document
	File    *Media // of the header; nil means none
}

// FilledButton is a button below a template.
type FilledButton struct {
	ID, Title string
	URL       string // where a tap leads; "" means that it answers
}

// Fault is why a message with a template is refused.
type Fault struct {
	Code    int // of package codes
	Details string
}

// Fill returns the words of a template that a message fills in.
func (t Template) Fill(use Use) (Filled, *Fault) {
	var out Filled
	var lines []string
	for _, c := range t.Components {
		var fault *Fault
		line := ""
		switch {
		case c.Type == "BUTTONS":
			out.Buttons, fault = fillButtons(c.Buttons, use)
		case c.Type == "HEADER" && c.Format != "TEXT":
			out.Kind, out.File, fault = fillFile(c, use.parametersOf(c.Type))
		default:
			line, fault = t.fillText(c, use.parametersOf(c.Type))
		}
		if fault != nil {
			return out, fault
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	out.Text = strings.Join(lines, "\n")
	return out, t.checkSurplus(use)
}

// checkSurplus refuses parameters for a part that the template doesn't have.
func (t Template) checkSurplus(use Use) *Fault {
	for _, kind := range []string{"HEADER", "BODY"} {
		hasPart := slices.ContainsFunc(t.Components, func(c Component) bool { return c.Type == kind })
		if n := len(use.parametersOf(kind)); n > 0 && !hasPart {
			return countFault(kind, n, 0)
		}
	}
	return nil
}

// parametersOf returns what a message says for a part other than buttons.
func (u Use) parametersOf(kind string) (list []Parameter) {
	for _, c := range u.Components {
		if strings.EqualFold(c.Type, kind) {
			list = append(list, c.Parameters...)
		}
	}
	return list
}

// countFault says that a part has too many or too few parameters.
func countFault(part string, got, want int) *Fault {
	return &Fault{codes.TemplateCount, fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)",
		strings.ToLower(part), got, want)}
}

// fillFile returns the file of a header, which one parameter names.
func fillFile(c Component, given []Parameter) (kind string, file *Media, fault *Fault) {
	kind = strings.ToLower(c.Format)
	if len(given) != 1 {
		return "", nil, countFault(c.Type, len(given), 1)
	}
	p := given[0]
	if !strings.EqualFold(p.Type, kind) {
		details := fmt.Sprintf("header: Format mismatch, expected %s, received %s", c.Format, strings.ToUpper(p.Type))
		return "", nil, &Fault{codes.TemplateFormat, details}
	}

	switch kind {
	case "image":
		file = p.Image
	case "video":
		file = p.Video
	case "document":
		file = p.Document
	case "location":
		if len(p.Location) == 0 {
			return "", nil, &Fault{codes.Missing, "Parameter location is missing or empty."}
		}
		return "", nil, nil
	}
	if !file.namesOne() {
		return "", nil, &Fault{codes.Missing, "Parameter " + kind + ".id or link is missing or empty."}
	}
	return kind, file, nil
}

// namesOne reports whether a parameter names one file: by its id or by its address.
func (m *Media) namesOne() bool {
	if m == nil {
		return false
	}
	hasID, hasLink := m.ID != "", m.Link != ""
	return hasID != hasLink
}

// fillText returns the text of a part with its variables filled in.
func (t Template) fillText(c Component, given []Parameter) (string, *Fault) {
	names, _ := t.listVariables(c.Text) // checked when the template was made
	if len(given) != len(names) {
		return "", countFault(c.Type, len(given), len(names))
	}

	values := map[string]string{}
	for i, p := range given {
		value, fault := p.value()
		if fault != nil {
			return "", fault
		}
		name := names[i]
		if t.IsNamed {
			name = p.Name
		}
		if !slices.Contains(names, name) {
			return "", &Fault{codes.Invalid, fmt.Sprintf("Parameter name %q is none of the template's.", name)}
		}
		values[name] = value
	}

	return variable.ReplaceAllStringFunc(c.Text, func(found string) string {
		return values[strings.TrimSpace(strings.Trim(found, "{}"))]
	}), nil
}

// badSpace is what a parameter must not have.
var badSpace = regexp.MustCompile(`[\n\t]| {4,}`)

// value returns the text of a parameter: of money and times that which is shown where they can't be translated, as the Cloud API
// always does.
func (p Parameter) value() (string, *Fault) {
	var spoken struct {
		Fallback string `json:"fallback_value"`
	}
	text := ""
	switch p.Type {
	case "text":
		text = string(p.Text)
	case "currency":
		_ = json.Unmarshal(p.Currency, &spoken) // without it the text is missing
		text = spoken.Fallback
	case "date_time":
		_ = json.Unmarshal(p.DateTime, &spoken) // likewise
		text = spoken.Fallback
	}
	if text == "" {
		return "", &Fault{codes.Missing, "Parameter template parameter text is missing or empty."}
	}
	if badSpace.MatchString(text) {
		return "", &Fault{codes.Invalid, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"}
	}
	return text, nil
}

// fillButtons returns the buttons of a template with what a message says of them.
func fillButtons(buttons []Button, use Use) ([]FilledButton, *Fault) {
	given := map[int]Parameter{} // by the index of a button
	for _, part := range use.Components {
		if !strings.EqualFold(part.Type, "button") {
			continue
		}
		i, ok := part.findButton(buttons)
		if !ok || len(part.Parameters) != 1 {
			return nil, &Fault{codes.BadValue, "Parameter template.components has a wrong button."}
		}
		given[i] = part.Parameters[0]
	}

	var list []FilledButton
	for i, b := range buttons {
		filled, ok := b.fill(given[i])
		if !ok {
			return nil, &Fault{codes.Missing, fmt.Sprintf("buttons: Button at index %d of type %s requires a parameter", i, b.Type)}
		}
		list = append(list, filled)
	}
	return list, nil
}

// findButton returns the index of the button that a part of a message is about. ok is false if there is no such button.
func (p UsePart) findButton(buttons []Button) (i int, ok bool) {
	if p.Index == nil {
		return 0, false
	}
	i = int(*p.Index)
	isThere := i >= 0 && i < len(buttons)
	return i, isThere && buttons[i].takes(p.SubType)
}

// takes reports whether a button is of the kind that a message says it is.
func (b Button) takes(subType string) bool {
	if b.Type == "OTP" {
		return strings.EqualFold(subType, "url") // the code to copy
	}
	return strings.EqualFold(subType, b.Type)
}

// fill returns a button with its parameter, whose zero value is none. ok is false if the parameter is missing or wrong.
func (b Button) fill(p Parameter) (filled FilledButton, ok bool) {
	isGiven, text := p.Type != "", string(p.Text)
	hasText := p.Type == "text" && text != ""
	filled = FilledButton{ID: b.Text, Title: b.Text}
	switch b.Type {
	case "QUICK_REPLY":
		if isGiven {
			filled.ID = cmp.Or(p.Payload, text)
		}
		return filled, filled.ID != ""
	case "PHONE_NUMBER":
		filled.URL = "tel:" + b.Phone
		return filled, !isGiven
	case "URL":
		filled.URL = variable.ReplaceAllLiteralString(b.URL, text)
		if variable.MatchString(b.URL) {
			return filled, hasText
		}
		return filled, !isGiven
	case "OTP":
		return FilledButton{Title: b.Text, URL: "copy:" + text}, hasText
	case "COPY_CODE":
		return FilledButton{Title: b.Text, URL: "copy:" + p.Coupon}, p.Coupon != ""
	}
	return FilledButton{Title: b.Text, URL: "app:" + strings.ToLower(b.Type)}, true
}
