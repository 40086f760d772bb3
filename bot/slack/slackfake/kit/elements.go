package kit

import (
	"fmt"
	"slices"
	"strings"
)

func selects() []string {
	return []string{"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
}

func inActions() []string {
	out := []string{"button", "overflow", "datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons", "workflow_button"}
	for _, k := range selects() {
		out = append(out, k, "multi_"+k)
	}
	return out
}

func inInput() []string {
	out := []string{
		"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input",
		"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons",
	}
	for _, k := range selects() {
		out = append(out, k, "multi_"+k)
	}
	return out
}

func (c *checker) elements(at string, b object, most int, allowed []string) {
	for i, v := range c.list(at, b, "elements", most) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		if e, ok := v.(object); ok {
			c.element(p, e, allowed)
		} else {
			c.fail(p, "must provide an object")
		}
	}
}

// element checks one interactive element (or a section's image).
func (c *checker) element(at string, e object, allowed []string) {
	kind, _ := e["type"].(string)
	if !slices.Contains(allowed, kind) {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}
	if kind == "image" {
		c.known(at, e, "type "+elementFields()[kind])
		c.image(at, e)
		return
	}
	c.known(at, e, "type action_id "+elementFields()[kind])
	if id := c.optional(at, e, "action_id", 255); id == "" {
		e["action_id"] = c.newID()
	} else if c.actions[id] {
		c.fail(at+"/action_id", "`action_id`: %s already exists", id)
	} else {
		c.actions[id] = true
	}
	if e["placeholder"] != nil {
		c.text(at, e, "placeholder", 150, true, true)
	}
	if e["confirm"] != nil {
		c.confirm(at+"/confirm", e["confirm"])
	}
	if e["focus_on_load"] == true {
		if c.focused++; c.focused > 1 {
			c.fail(at+"/focus_on_load", "only one element may have focus_on_load")
		}
	}
	c.byKind(at, kind, e)
}

func (c *checker) byKind(at, kind string, e object) {
	switch strings.TrimPrefix(kind, "multi_") {
	case "button":
		c.text(at, e, "text", 75, true, true)
		c.optional(at, e, "value", 2000)
		if e["url"] != nil {
			c.address(at, e, "url")
		}
		c.optional(at, e, "accessibility_label", 75)
		if e["style"] != nil {
			c.oneOf(at, e, "style", "primary danger")
		}
	case "feedback_buttons":
		for _, key := range []string{"positive_button", "negative_button"} {
			c.feedback(at, e, key)
		}
	case "icon_button":
		c.required(at, e, "icon", 75)
		c.text(at, e, "text", 75, true, true)
		c.optional(at, e, "value", 2000)
	case "static_select":
		c.staticSelect(at, e)
	case "external_select":
		if e["initial_option"] != nil {
			c.option(at+"/initial_option", e["initial_option"], 75)
		}
	case "overflow":
		c.options(at, e, 5, 75)
	case "checkboxes", "radio_buttons":
		c.options(at, e, 10, 75)
	case "plain_text_input":
		c.optional(at, e, "initial_value", 3000)
		for _, k := range []string{"min_length", "max_length"} {
			if n, ok := e[k].(float64); ok && (n < 0 || n > 3000) {
				c.fail(at+"/"+k, "must be between 0 and 3000")
			}
		}
	case "number_input":
		if _, ok := e["is_decimal_allowed"].(bool); !ok {
			c.fail(at, "missing required field: is_decimal_allowed")
		}
	}
}

func (c *checker) staticSelect(at string, e object) {
	groups, ok := e["option_groups"].([]any)
	if !ok {
		c.options(at, e, 100, 75)
		c.initial(at, e)
		return
	}
	if e["options"] != nil {
		c.fail(at, "only one of options and option_groups is allowed")
	}
	c.list(at, e, "option_groups", 100)
	for i, v := range groups {
		p := fmt.Sprintf("%s/option_groups/%d", at, i)
		g, ok := v.(object)
		if !ok {
			c.fail(p, "must provide an object")
			continue
		}
		c.known(p, g, "label options")
		c.text(p, g, "label", 75, true, true)
		c.options(p, g, 100, 75)
	}
	c.initial(at, e)
}

// initial demands that initial_option is one of the options, to the letter.
func (c *checker) initial(at string, e object) {
	first, ok := e["initial_option"].(object)
	if !ok {
		return
	}
	c.option(at+"/initial_option", first, 75)
	want, _ := first["value"].(string)
	if findOption(e, want) == nil {
		c.fail(at+"/initial_option", "must be one of the provided options")
	}
}

func (c *checker) options(at string, e object, most, text int) {
	for i, o := range c.list(at, e, "options", most) {
		c.option(fmt.Sprintf("%s/options/%d", at, i), o, text)
	}
}

func (c *checker) option(at string, v any, text int) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}
	c.known(at, o, "text value description url")
	c.text(at, o, "text", text, false, true)
	c.required(at, o, "value", 150)
	if o["description"] != nil {
		c.text(at, o, "description", 75, false, true)
	}
}

func (c *checker) confirm(at string, v any) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}
	c.known(at, o, "title text confirm deny style")
	c.text(at, o, "title", 100, true, true)
	c.text(at, o, "text", 300, false, true)
	c.text(at, o, "confirm", 30, true, false)
	c.text(at, o, "deny", 30, true, false)
}

// findOption returns the option of e with this value, or nil.
func findOption(e object, value string) object {
	var all []any
	if list, ok := e["options"].([]any); ok {
		all = append(all, list...)
	}
	if groups, ok := e["option_groups"].([]any); ok {
		for _, g := range groups {
			if m, ok := g.(object); ok {
				list, _ := m["options"].([]any)
				all = append(all, list...)
			}
		}
	}
	for _, v := range all {
		if o, ok := v.(object); ok && o["value"] == value {
			return o
		}
	}
	return nil
}
