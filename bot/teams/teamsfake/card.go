package teamsfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Where a card is shown.
const (
	cardInMessage = "message"
	cardInDialog  = "dialog"
	cardInPreview = "preview"
)

// cardCheck walks one card.
type cardCheck struct {
	s      *Server
	ch     *channel
	where  string
	ids    map[string]bool
	texts  []string // where a mention may stand
	faults []string
}

// checkCard says what Teams' clients would not show, or not as meant, of an Adaptive Card.
// Source: adaptivecards.io schema 1.5; "Cards reference" and "Format cards in Teams", read
// 2026-11.
func (s *Server) checkCard(raw json.RawMessage, at string, ch *channel) []string {
	var card object
	if err := json.Unmarshal(raw, &card); err != nil || card["type"] != "AdaptiveCard" {
		return []string{"not an Adaptive Card"}
	}
	c := &cardCheck{s: s, ch: ch, where: at, ids: map[string]bool{}}
	c.card(card)
	c.mentions(card)
	c.refresh(card)
	return c.faults
}

func (c *cardCheck) fault(text string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf("card: "+text, args...))
}

func (c *cardCheck) card(card object) {
	version, _ := card["version"].(string)
	if !slices.Contains([]string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"}, version) {
		c.fault("version %q is not shown by Teams, 1.5 is the highest", version)
	}
	c.keys(card, "AdaptiveCard", cardKeys)
	c.elements(card["body"], "body")
	c.actions(card["actions"], "actions")
	c.action(card["selectAction"], "selectAction")
	if card["body"] == nil && card["actions"] == nil {
		c.fault("is empty")
	}
}

const (
	commonKeys = "type id isVisible separator spacing height fallback requires targetWidth grid.area lang"
	inputKeys  = commonKeys + " label isRequired errorMessage value placeholder labelPosition labelWidth inputStyle"
	cardKeys   = "$schema type version body actions selectAction fallbackText backgroundImage minHeight rtl speak lang verticalContentAlignment refresh authentication metadata msteams"
	actionKeys = "type id title iconUrl style fallback requires tooltip isEnabled mode role"
)

// elementKeys lists the properties of each element beside the common ones.
func elementKeys(kind string) (keys string, ok bool) {
	switch kind {
	case "TextBlock":
		return commonKeys + " text color fontType horizontalAlignment isSubtle maxLines size weight wrap style", true
	case "RichTextBlock":
		return commonKeys + " inlines horizontalAlignment", true
	case "Image":
		return commonKeys + " url altText backgroundColor horizontalAlignment selectAction size style width msteams", true
	case "ImageSet":
		return commonKeys + " images imageSize style", true
	case "Media":
		return commonKeys + " sources poster altText captionSources", true
	case "Container":
		return commonKeys + " items selectAction style verticalContentAlignment bleed backgroundImage minHeight rtl", true
	case "ColumnSet":
		return commonKeys + " columns selectAction style bleed minHeight horizontalAlignment", true
	case "Column":
		return commonKeys + " items backgroundImage bleed minHeight rtl selectAction style verticalContentAlignment width", true
	case "FactSet":
		return commonKeys + " facts", true
	case "ActionSet":
		return commonKeys + " actions horizontalAlignment", true
	case "Table":
		return commonKeys + " columns rows firstRowAsHeader showGridLines gridStyle horizontalCellContentAlignment verticalCellContentAlignment", true
	case "TableRow":
		return commonKeys + " cells style horizontalCellContentAlignment verticalCellContentAlignment", true
	case "TableCell":
		return commonKeys + " items selectAction style verticalContentAlignment bleed backgroundImage minHeight rtl", true
	case "Input.Text":
		return inputKeys + " isMultiline maxLength regex style inlineAction", true
	case "Input.Number", "Input.Date", "Input.Time":
		return inputKeys + " min max", true
	case "Input.Toggle":
		return inputKeys + " title valueOn valueOff wrap", true
	case "Input.ChoiceSet":
		return inputKeys + " choices choices.data isMultiSelect style wrap", true
	}
	return "", false
}

func (c *cardCheck) keys(e object, kind, known string) {
	names := strings.Fields(known)
	for k := range e {
		if !slices.Contains(names, k) {
			c.fault("%s has no property %q", kind, k)
		}
	}
	id, ok := e["id"].(string)
	if !ok {
		return
	}
	if c.ids[id] {
		c.fault("id %q is used twice", id)
	}
	c.ids[id] = true
}

func list(v any) []object {
	var out []object
	all, _ := v.([]any)
	for _, x := range all {
		if o, ok := x.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

func (c *cardCheck) elements(v any, at string) {
	if v == nil {
		return
	}
	all, ok := v.([]any)
	if !ok || len(list(v)) != len(all) {
		c.fault("%s is not a list of elements", at)
	}
	for _, e := range list(v) {
		c.element(e)
	}
}

func (c *cardCheck) element(e object) {
	kind, _ := e["type"].(string)
	keys, ok := elementKeys(kind)
	if !ok {
		c.fault("unknown element %q", kind)
		return
	}
	c.keys(e, kind, keys)
	c.action(e["selectAction"], "selectAction")
	if f, ok := e["fallback"].(object); ok {
		c.element(f)
	}
	switch kind {
	case "TextBlock":
		c.text(e["text"], "TextBlock.text")
	case "RichTextBlock":
		c.inlines(e["inlines"])
	case "Image":
		c.picture(e["url"])
	case "ImageSet":
		c.elements(e["images"], "images")
	case "Container", "Column", "TableCell":
		c.elements(e["items"], kind+".items")
	case "ColumnSet":
		c.typed(e["columns"], "Column")
	case "FactSet":
		for _, f := range list(e["facts"]) {
			c.text(f["title"], "fact.title")
			c.text(f["value"], "fact.value")
		}
	case "ActionSet":
		c.actions(e["actions"], "ActionSet.actions")
	case "Table":
		c.typed(e["rows"], "TableRow")
	case "TableRow":
		c.typed(e["cells"], "TableCell")
	}
	if strings.HasPrefix(kind, "Input.") {
		c.input(e, kind)
	}
}

// typed checks elements whose type may be left out.
func (c *cardCheck) typed(v any, kind string) {
	for _, e := range list(v) {
		if e["type"] == nil {
			e["type"] = kind
		}
		c.element(e)
	}
}

func (c *cardCheck) text(v any, at string) {
	text, ok := v.(string)
	if !ok || text == "" {
		c.fault("%s is no text", at)
	}
	c.texts = append(c.texts, text)
}

func (c *cardCheck) inlines(v any) {
	all, ok := v.([]any)
	if !ok || len(all) == 0 {
		c.fault("RichTextBlock has no inlines")
	}
	for _, x := range all {
		switch run := x.(type) {
		case string: // mentions work in TextBlock and FactSet only
		case object:
			if run["type"] != "TextRun" {
				c.fault("unknown inline %v", run["type"])
				continue
			}
			c.keys(run, "TextRun", "type text color fontType highlight isSubtle italic selectAction size strikethrough underline weight id lang")
			if _, ok := run["text"].(string); !ok {
				c.fault("TextRun.text is no text")
			}
			c.action(run["selectAction"], "selectAction")
		default:
			c.fault("an inline is neither text nor TextRun")
		}
	}
}

func (c *cardCheck) picture(v any) {
	address, _ := v.(string)
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "data:image/") {
		c.fault("picture %q is neither https nor a data URI", address)
	}
}

func (c *cardCheck) input(e object, kind string) {
	if id, _ := e["id"].(string); id == "" {
		c.fault("%s without id", kind)
	}
	if _, ok := e["value"].(string); e["value"] != nil && !ok && kind != "Input.Number" {
		c.fault("%s %v: value is no text", kind, e["id"])
	}
	if e["isRequired"] == true && e["label"] == nil {
		c.fault("%s %v is required and has no label", kind, e["id"])
	}
	if kind == "Input.Toggle" && e["title"] == nil {
		c.fault("Input.Toggle %v without title", e["id"])
	}
	if kind != "Input.ChoiceSet" {
		return
	}
	choices := list(e["choices"])
	if len(choices) == 0 && e["choices.data"] == nil {
		c.fault("Input.ChoiceSet %v without choices", e["id"])
	}
	seen := map[string]bool{}
	for _, x := range choices {
		title, ok := x["title"].(string)
		value, ok2 := x["value"].(string)
		if !ok || !ok2 || title == "" {
			c.fault("a choice of %v has no title or value", e["id"])
		}
		if seen[value] {
			c.fault("choice %q of %v is there twice", value, e["id"])
		}
		seen[value] = true
	}
}
