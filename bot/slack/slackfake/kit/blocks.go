package kit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A message, modal or home tab consists of blocks: JSON objects such as a section, a divider or a row of
// buttons. Check does what Slack does with an app's blocks: it refuses invalid ones with the messages of
// Slack's validator, and adds missing ids. at is a path such as "/blocks/0/text".

// Surface is where blocks are shown. It decides which kinds are allowed, and how many blocks.
type Surface int

// Where blocks are shown.
const (
	OnMessage Surface = iota
	OnModal
	OnHome // a home tab
)

// Limits of messages.
// Source: docs.slack.dev/reference/methods/chat.postMessage, read 2026-11.
const (
	MaxMarkdown      = 12000 // characters of a markdown block or text
	maxMessageBlocks = 50
	maxAttachments   = 100
)

// Limits of texts in blocks, in characters, and of the blocks of a modal or home tab.
// Source: docs.slack.dev/reference/block-kit, read 2026-11.
const (
	maxTextRunes    = 3000 // of sections, addresses and what somebody types
	maxValueRunes   = 2000 // of values of buttons, labels of inputs, and texts in place of pictures
	maxIDRunes      = 255
	maxHeaderRunes  = 150 // also of placeholders and of values of options
	maxLabelRunes   = 75  // of buttons and options
	maxConfirmRunes = 30  // of the buttons of a confirmation
	maxViewBlocks   = 100
)

// checker collects what is wrong with a list of blocks, and fills in the ids that Slack fills in.
type checker struct {
	newID    func() string // of a block or element that has none
	on       Surface
	errs     []string        // what is wrong, in the words of Slack's validator
	blockIDs map[string]bool // those met so far
	actions  map[string]bool // action ids met so far
	focused  int             // number of elements that want the focus
}

// Refusal is Slack's error for blocks that it doesn't take.
type Refusal struct {
	Code     string
	Messages []string // what is wrong where, with JSON pointers
}

// Check validates blocks as Slack does and returns them with ids (newID) and defaults added; nil for none.
// Refusals: invalid_blocks with messages, invalid_blocks_format.
// Source: docs.slack.dev/reference/block-kit, read 2026-11.
func Check(raw json.RawMessage, on Surface, newID func() string) ([]any, *Refusal) {
	if raw == nil {
		return nil, nil
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		return nil, &Refusal{Code: "invalid_blocks_format"}
	}
	c := &checker{newID: newID, on: on, blockIDs: map[string]bool{}, actions: map[string]bool{}}
	c.checkBlocks(list)
	if len(c.errs) > 0 {
		return nil, &Refusal{Code: "invalid_blocks", Messages: c.errs}
	}
	return list, nil
}

func (c *checker) fail(at, format string, args ...any) {
	c.errs = append(c.errs, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

func (c *checker) checkBlocks(list []any) {
	most := maxMessageBlocks
	if c.on != OnMessage {
		most = maxViewBlocks
	}
	if len(list) > most {
		c.fail("/blocks", "no more than %d items allowed", most)
		return
	}

	for i, v := range list {
		at := fmt.Sprintf("/blocks/%d", i)
		b, ok := v.(object)
		if !ok {
			c.fail(at, "must provide an object")
			continue
		}

		c.checkBlock(at, b)
	}
}

func (c *checker) checkBlock(at string, b object) {
	kind, _ := b["type"].(string)
	look, ok := blockChecks()[kind]
	isMisplaced := c.on != OnMessage && slices.Contains(onlyOnMessages(), kind)
	if !ok || isMisplaced {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}

	c.checkFields(at, b, "type block_id "+blockFields()[kind])
	id := c.checkOptional(at, b, "block_id", maxIDRunes)
	if id == "" {
		id = c.newID()
		b["block_id"] = id
	}
	if c.blockIDs[id] {
		c.fail(at+"/block_id", "`block_id`: %s already exists for another block", id)
	}

	c.blockIDs[id] = true
	clear(c.actions) // unique within a block
	look(c, at, b)
}

func blockChecks() map[string]func(*checker, string, object) {
	return map[string]func(*checker, string, object){
		"section": (*checker).checkSection,
		"header":  func(c *checker, at string, b object) { c.checkPlainText(at, b, "text", maxHeaderRunes) },
		"divider": func(*checker, string, object) {},
		"image":   (*checker).checkImage,
		"actions": func(c *checker, at string, b object) {
			c.checkElements(at, b, 25, kindsInActions())
		},
		"context":   (*checker).checkContext,
		"input":     (*checker).checkInput,
		"rich_text": (*checker).checkRichText,
		"markdown": func(c *checker, at string, b object) {
			c.checkRequired(at, b, "text", MaxMarkdown)
		},
		"video": func(c *checker, at string, b object) {
			c.checkRequired(at, b, "alt_text", maxTextRunes)
			for _, k := range []string{"thumbnail_url", "video_url"} {
				c.checkAddress(at, b, k)
			}
			c.checkPlainText(at, b, "title", 200)
		},
		"table": (*checker).checkTable, "data_table": (*checker).checkDataTable,
		"task_card": (*checker).checkTask, "plan": (*checker).checkPlan,
		"context_actions": func(c *checker, at string, b object) {
			c.checkElements(at, b, 5, []string{"feedback_buttons", "icon_button"})
		},
	}
}

func (c *checker) checkSection(at string, b object) {
	fields, has := b["fields"].([]any)
	if b["text"] == nil && !has {
		c.fail(at+"/type", "must define either `text` or `fields`")
	}
	if b["text"] != nil {
		c.checkText(at, b, "text", maxTextRunes)
	}
	if len(fields) > 10 {
		c.fail(at+"/fields", "no more than 10 items allowed")
	}

	for i, f := range fields {
		key := strconv.Itoa(i)
		c.checkText(at+"/fields", object{key: f}, key, maxValueRunes)
	}

	if acc, ok := b["accessory"].(object); ok {
		c.checkElement(at+"/accessory", acc, append(kindsInActions(), "image"))
	} else if b["accessory"] != nil {
		c.fail(at+"/accessory", "must provide an object")
	}
}

func (c *checker) checkImage(at string, b object) {
	c.checkRequired(at, b, "alt_text", maxValueRunes)
	if _, ok := b["slack_file"].(object); !ok {
		c.checkAddress(at, b, "image_url")
	}
	if b["title"] != nil {
		c.checkPlainText(at, b, "title", maxValueRunes)
	}
}

func (c *checker) checkContext(at string, b object) {
	for i, v := range c.checkList(at, b, "elements", 10) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		e, ok := v.(object)
		if !ok {
			c.fail(p, "must provide an object")
			continue
		}

		if e["type"] == "image" {
			c.checkFields(p, e, "type "+elementFields()["image"])
			c.checkImage(p, e)
			continue
		}

		c.checkTextObject(p, e, maxTextRunes, plainOrMarkup())
	}
}

func (c *checker) checkInput(at string, b object) {
	c.checkPlainText(at, b, "label", maxValueRunes)
	if b["hint"] != nil {
		c.checkPlainText(at, b, "hint", maxValueRunes)
	}
	e, ok := b["element"].(object)
	if !ok {
		c.fail(at, "missing required field: element")
		return
	}
	c.checkElement(at+"/element", e, kindsInInput())
}

// checkText checks the text object in a field, which must have one: plain text or markup, of most characters at most.
func (c *checker) checkText(at string, b object, key string, most int) {
	if t := c.findObject(at, b, key); t != nil {
		c.checkTextObject(at+"/"+key, t, most, plainOrMarkup())
	}
}

// checkPlainText checks the text object in a field that must have one of plain text, of most characters at most.
func (c *checker) checkPlainText(at string, b object, key string, most int) {
	if t := c.findObject(at, b, key); t != nil {
		c.checkTextObject(at+"/"+key, t, most, []string{"plain_text"})
	}
}

// findObject returns the object in a field that must have one. It returns nil, and notes the fault, if there is none.
func (c *checker) findObject(at string, b object, key string) object {
	if b[key] == nil {
		c.fail(at, "missing required field: %s", key)
		return nil
	}
	t, ok := b[key].(object)
	if !ok {
		c.fail(at+"/"+key, "must provide an object")
		return nil
	}
	return t
}

// plainOrMarkup lists the types of text objects.
func plainOrMarkup() []string { return []string{"plain_text", "mrkdwn"} }

// checkTextObject checks a text object of one of the allowed types, and adds the defaults of its type.
func (c *checker) checkTextObject(at string, t object, most int, allowed []string) {
	kind, _ := t["type"].(string)
	if !slices.Contains(allowed, kind) {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}

	if kind == "plain_text" {
		if t["emoji"] == nil {
			t["emoji"] = true
		}
		c.checkFields(at, t, "type text emoji")
	} else {
		if t["verbatim"] == nil {
			t["verbatim"] = false
		}
		c.checkFields(at, t, "type text verbatim")
	}

	c.checkRequired(at, t, "text", most)
}

// checkRequired checks a text of 1 to most characters; checkOptional one of at most that many.
func (c *checker) checkRequired(at string, b object, key string, most int) string {
	if v, _ := b[key].(string); v == "" {
		c.fail(at+"/"+key, "must be more than 0 characters")
		return ""
	}
	return c.checkOptional(at, b, key, most)
}

func (c *checker) checkOptional(at string, b object, key string, most int) string {
	if b[key] == nil {
		return ""
	}
	v, ok := b[key].(string)
	if !ok {
		c.fail(at+"/"+key, "must provide a string")
	} else if utf8.RuneCountInString(v) > most {
		c.fail(at+"/"+key, "must be less than %d characters", most+1)
	}
	return v
}

// CheckAttachments accepts the old format, and blocks inside it; nil for none.
// Refusals: invalid_attachments, too_many_attachments, those of Check.
func CheckAttachments(raw json.RawMessage, newID func() string) (json.RawMessage, *Refusal) {
	if raw == nil {
		return nil, nil
	}

	var list []object
	if json.Unmarshal(raw, &list) != nil {
		return nil, &Refusal{Code: "invalid_attachments"}
	}
	if len(list) > maxAttachments {
		return nil, &Refusal{Code: "too_many_attachments"}
	}
	if len(list) == 0 {
		return nil, nil
	}

	for i, a := range list {
		a["id"] = i + 1
		if a["blocks"] == nil {
			continue
		}

		blocks, err := Check(encode(a["blocks"]), OnMessage, newID)
		if err != nil {
			return nil, err
		}

		a["blocks"] = blocks
	}

	return encode(list), nil
}

// CheckTitle checks the text of a view's title or button, which stands at key and may have so many
// characters, and returns it with its defaults. faults say what is wrong with it.
func CheckTitle(key string, raw json.RawMessage, most int) (title json.RawMessage, faults []string) {
	var t any
	if json.Unmarshal(raw, &t) != nil {
		return raw, nil
	}
	c := &checker{}
	c.checkPlainText("", object{key: t}, key, most)
	return encode(t), c.errs
}

// Offered returns the values of the options that an app offers for a menu, at most 100 in a group. faults say
// what is wrong with them.
func Offered(answer object) (values, faults []string) {
	c := &checker{on: OnMessage}
	groups, _ := answer["option_groups"].([]any)
	lists := []any{answer}
	if len(groups) > 0 {
		lists = groups
	}

	for _, g := range lists {
		m, _ := g.(object)
		list, isList := m["options"].([]any)
		if !isList {
			c.fail("/options", "missing required field: options")
		}
		if len(list) > 100 {
			c.fail("/options", "no more than 100 items allowed")
		}

		for i, v := range list {
			c.checkOption(fmt.Sprintf("/options/%d", i), v)
			if x, ok := v.(object); ok {
				values = append(values, fmt.Sprint(x["value"]))
			}
		}
	}

	return values, c.errs
}

// encode writes what was decoded from JSON, which always can be written.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}
