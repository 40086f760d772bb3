package graphfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Use is the part of a message that selects a template and contains the values for its variables:
//
//	{"name": "order_ready", "language": {"code": "en"},
//	 "components": [{"type": "body", "parameters": [{"type": "text", "text": "A-17"}]}]}
//
// Template.Fill returns the result, or the error with which Meta refuses the message.
type Use struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Language  struct {
		Code   string `json:"code"`
		Policy string `json:"policy"`
	} `json:"language"`
	Components []UsePart `json:"components"`
}

// UsePart contains the values for one component of a template, or for one of its buttons.
type UsePart struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type"` // the type of a button
	Index      *index      `json:"index"`    // the position of a button, from 0
	Parameters []Parameter `json:"parameters"`
}

// index is a number that may be quoted in JSON. Anything that isn't a number becomes -1.
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

// Parameter is the value for a variable, or the file of a header. Type decides which other field is used.
type Parameter struct {
	Type     string          `json:"type"`
	Name     string          `json:"parameter_name"`
	Text     scalar          `json:"text"`
	Payload  string          `json:"payload"`
	Coupon   string          `json:"coupon_code"`
	Action   json.RawMessage `json:"action"`
	Location json.RawMessage `json:"location"`
	Image    *LayoutMedia    `json:"image"`
	Video    *LayoutMedia    `json:"video"`
	Document *LayoutMedia    `json:"document"`
	Currency json.RawMessage `json:"currency"`
	DateTime json.RawMessage `json:"date_time"`
}

// scalar is a string. Other JSON values are kept as their JSON text, because some of Meta's examples have true here.
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

// LayoutMedia is a file in a message: either an upload, by its ID, or a URL in Link.
type LayoutMedia struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Filename string `json:"filename"`
}

// Filled is a template as the customer sees it.
type Filled struct {
	Text    string
	Buttons []FilledButton
	Kind    string       // of File: image, video or document
	File    *LayoutMedia // the file in the header; nil means none
}

// FilledButton is a button below a template.
type FilledButton struct {
	ID, Title string
	URL       string // the link that a tap opens; "" means that a tap sends a reply
}

// LayoutFault is the error with which Meta refuses a message with a template.
type LayoutFault struct {
	Code    int // from codes*.go
	Details string
}

// Fill fills in the template with the values of a message.
func (t LayoutTemplate) Fill(use Use) (Filled, *LayoutFault) {
	var out Filled
	var lines []string
	for _, c := range t.Components {
		var fault *LayoutFault
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

// checkSurplus refuses parameters for a header or body that the template doesn't have.
func (t LayoutTemplate) checkSurplus(use Use) *LayoutFault {
	for _, kind := range []string{"HEADER", "BODY"} {
		hasPart := slices.ContainsFunc(t.Components, func(c Component) bool { return c.Type == kind })
		if n := len(use.parametersOf(kind)); n > 0 && !hasPart {
			return countFault(kind, n, 0)
		}
	}
	return nil
}

// parametersOf returns the parameters for a component. It isn't used for buttons.
func (u Use) parametersOf(kind string) (list []Parameter) {
	for _, c := range u.Components {
		if strings.EqualFold(c.Type, kind) {
			list = append(list, c.Parameters...)
		}
	}
	return list
}

// countFault is the fault of a component with too many or too few parameters.
func countFault(part string, got, want int) *LayoutFault {
	return &LayoutFault{TemplateCount, fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)",
		strings.ToLower(part), got, want)}
}

// fillFile returns the file of a header, which must have exactly one parameter. A location has no file.
func fillFile(c Component, given []Parameter) (kind string, file *LayoutMedia, fault *LayoutFault) {
	kind = strings.ToLower(c.Format)
	if len(given) != 1 {
		return "", nil, countFault(c.Type, len(given), 1)
	}
	p := given[0]
	if !strings.EqualFold(p.Type, kind) {
		details := fmt.Sprintf("header: Format mismatch, expected %s, received %s", c.Format, strings.ToUpper(p.Type))
		return "", nil, &LayoutFault{TemplateFormat, details}
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
			return "", nil, &LayoutFault{Missing, "Parameter location is missing or empty."}
		}
		return "", nil, nil
	}
	if !file.namesOne() {
		return "", nil, &LayoutFault{Missing, "Parameter " + kind + ".id or link is missing or empty."}
	}
	return kind, file, nil
}

// namesOne reports whether the file has an id or a link, but not both.
func (m *LayoutMedia) namesOne() bool {
	if m == nil {
		return false
	}
	hasID, hasLink := m.ID != "", m.Link != ""
	return hasID != hasLink
}

// fillText returns the text of a component with its variables filled in.
func (t LayoutTemplate) fillText(c Component, given []Parameter) (string, *LayoutFault) {
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
			return "", &LayoutFault{Invalid, fmt.Sprintf("Parameter name %q is none of the template's.", name)}
		}
		values[name] = value
	}

	return variable.ReplaceAllStringFunc(c.Text, func(found string) string {
		return values[strings.TrimSpace(strings.Trim(found, "{}"))]
	}), nil
}

// badSpace matches white space that a value must not contain.
var badSpace = regexp.MustCompile(`[\n\t]| {4,}`)

// value returns the text of a parameter. For currencies and times this is their fallback value, because the Cloud API doesn't
// localise them.
func (p Parameter) value() (string, *LayoutFault) {
	var localised struct {
		Fallback string `json:"fallback_value"`
	}
	text := ""
	switch p.Type {
	case "text":
		text = string(p.Text)
	case "currency":
		_ = json.Unmarshal(p.Currency, &localised) // if it fails, the text is reported as missing
		text = localised.Fallback
	case "date_time":
		_ = json.Unmarshal(p.DateTime, &localised) // likewise
		text = localised.Fallback
	}
	if text == "" {
		return "", &LayoutFault{Missing, "Parameter template parameter text is missing or empty."}
	}
	if badSpace.MatchString(text) {
		return "", &LayoutFault{Invalid, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"}
	}
	return text, nil
}

// fillButtons returns the buttons of a template with the parameters of a message filled in.
func fillButtons(buttons []Button, use Use) ([]FilledButton, *LayoutFault) {
	given := map[int]Parameter{} // by the button's index
	for _, part := range use.Components {
		if !strings.EqualFold(part.Type, "button") {
			continue
		}
		i, ok := part.findButton(buttons)
		if !ok || len(part.Parameters) != 1 {
			return nil, &LayoutFault{BadValue, "Parameter template.components has a wrong button."}
		}
		given[i] = part.Parameters[0]
	}

	var list []FilledButton
	for i, b := range buttons {
		filled, ok := b.fill(given[i])
		if !ok {
			return nil, &LayoutFault{Missing, fmt.Sprintf("buttons: Button at index %d of type %s requires a parameter", i, b.Type)}
		}
		list = append(list, filled)
	}
	return list, nil
}

// findButton returns the index of the button that the part belongs to. ok is false if the template has no such button.
func (p UsePart) findButton(buttons []Button) (i int, ok bool) {
	if p.Index == nil {
		return 0, false
	}
	i = int(*p.Index)
	if i < 0 || i >= len(buttons) {
		return i, false
	}
	return i, buttons[i].hasSubType(p.SubType)
}

// hasSubType reports whether the sub_type in a message matches the button's type.
func (b Button) hasSubType(subType string) bool {
	if b.Type == "OTP" {
		return strings.EqualFold(subType, "url") // in messages, the code is a parameter of a link
	}
	return strings.EqualFold(subType, b.Type)
}

// fill returns the button with its parameter filled in. The zero Parameter means that the message has none. ok is false if
// the parameter is missing, or if the button can't have one.
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
