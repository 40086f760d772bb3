package kit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Surface is where blocks are shown; it decides which are allowed and how many.
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

// checker collects what is wrong with blocks and fills in what Slack fills in.
type checker struct {
	newID    func() string // of a block or element that has none
	on       Surface
	errs     []string
	blockIDs map[string]bool
	actions  map[string]bool
	focused  int
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
	c.blocks(list)
	if len(c.errs) > 0 {
		return nil, &Refusal{Code: "invalid_blocks", Messages: c.errs}
	}
	return list, nil
}

func (c *checker) fail(at, format string, args ...any) {
	c.errs = append(c.errs, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

func (c *checker) blocks(list []any) {
	most := maxMessageBlocks
	if c.on != OnMessage {
		most = 100
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
		c.block(at, b)
	}
}

func (c *checker) block(at string, b object) {
	kind, _ := b["type"].(string)
	look, ok := blockChecks()[kind]
	if !ok || slices.Contains(onlyOnMessages(), kind) && c.on != OnMessage {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}
	c.known(at, b, "type block_id "+blockFields()[kind])
	id := c.optional(at, b, "block_id", 255)
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
		"section": (*checker).section,
		"header":  func(c *checker, at string, b object) { c.text(at, b, "text", 150, true, true) },
		"divider": func(*checker, string, object) {},
		"image":   (*checker).image,
		"actions": func(c *checker, at string, b object) {
			c.elements(at, b, 25, inActions())
		},
		"context":   (*checker).context,
		"input":     (*checker).input,
		"rich_text": (*checker).richText,
		"markdown": func(c *checker, at string, b object) {
			c.required(at, b, "text", MaxMarkdown)
		},
		"video": func(c *checker, at string, b object) {
			c.required(at, b, "alt_text", 3000)
			for _, k := range []string{"thumbnail_url", "video_url"} {
				c.address(at, b, k)
			}
			c.text(at, b, "title", 200, true, true)
		},
		"table": (*checker).table, "data_table": (*checker).dataTable,
		"task_card": (*checker).task, "plan": (*checker).plan,
		"context_actions": func(c *checker, at string, b object) {
			c.elements(at, b, 5, []string{"feedback_buttons", "icon_button"})
		},
	}
}

func (c *checker) section(at string, b object) {
	fields, has := b["fields"].([]any)
	if b["text"] == nil && !has {
		c.fail(at+"/type", "must define either `text` or `fields`")
	}
	if b["text"] != nil {
		c.text(at, b, "text", 3000, false, true)
	}
	if len(fields) > 10 {
		c.fail(at+"/fields", "no more than 10 items allowed")
	}
	for i, f := range fields {
		key := strconv.Itoa(i)
		c.text(at+"/fields", object{key: f}, key, 2000, false, true)
	}
	if acc, ok := b["accessory"].(object); ok {
		c.element(at+"/accessory", acc, append(inActions(), "image"))
	} else if b["accessory"] != nil {
		c.fail(at+"/accessory", "must provide an object")
	}
}

func (c *checker) image(at string, b object) {
	c.required(at, b, "alt_text", 2000)
	if _, ok := b["slack_file"].(object); !ok {
		c.address(at, b, "image_url")
	}
	if b["title"] != nil {
		c.text(at, b, "title", 2000, true, true)
	}
}

func (c *checker) context(at string, b object) {
	for i, v := range c.list(at, b, "elements", 10) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		e, ok := v.(object)
		switch {
		case !ok:
			c.fail(p, "must provide an object")
		case e["type"] == "image":
			c.known(p, e, "type "+elementFields()["image"])
			c.image(p, e)
		default:
			c.textObject(p, e, 3000, false)
		}
	}
}

func (c *checker) input(at string, b object) {
	c.text(at, b, "label", 2000, true, true)
	if b["hint"] != nil {
		c.text(at, b, "hint", 2000, true, true)
	}
	e, ok := b["element"].(object)
	if !ok {
		c.fail(at, "missing required field: element")
		return
	}
	c.element(at+"/element", e, inInput())
}

// text checks the text object in a field. plain says that only plain_text is allowed.
func (c *checker) text(at string, b object, key string, most int, plain, needed bool) {
	switch t, ok := b[key].(object); {
	case ok:
		c.textObject(at+"/"+key, t, most, plain)
	case b[key] != nil:
		c.fail(at+"/"+key, "must provide an object")
	case needed:
		c.fail(at, "missing required field: %s", key)
	}
}

func (c *checker) textObject(at string, t object, most int, plain bool) {
	kind, _ := t["type"].(string)
	switch {
	case kind == "plain_text":
		if t["emoji"] == nil {
			t["emoji"] = true
		}
		c.known(at, t, "type text emoji")
	case kind == "mrkdwn" && !plain:
		if t["verbatim"] == nil {
			t["verbatim"] = false
		}
		c.known(at, t, "type text verbatim")
	default:
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}
	c.required(at, t, "text", most)
}

// required checks a text of 1 to most characters; optional one of at most that many.
func (c *checker) required(at string, b object, key string, most int) string {
	if v, ok := b[key].(string); !ok || v == "" {
		c.fail(at+"/"+key, "must be more than 0 characters")
		return ""
	}
	return c.optional(at, b, key, most)
}

func (c *checker) optional(at string, b object, key string, most int) string {
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
	c.text("", object{key: t}, key, most, true, true)
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
		list, _ := m["options"].([]any)
		if len(list) > 100 {
			c.fail("/options", "no more than 100 items allowed")
		}
		for i, v := range list {
			c.option(fmt.Sprintf("/options/%d", i), v, 75)
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
