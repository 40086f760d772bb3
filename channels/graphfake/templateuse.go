package graphfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// checkContentLocked makes the checks of a message's content that depend on state: whether its file or template exists. It copies
// the file, or the filled template's text, to m.
func (n *Number) checkContentLocked(in incoming, m *Message) *APIError {
	switch in.Type {
	case "image", "video", "audio", "document":
		var o mediaObject
		_ = json.Unmarshal(in.fields[in.Type], &o) // validated before
		return n.attachMediaLocked(in.Type, o, m)
	case "template":
		return n.checkTemplateLocked(in, m)
	}
	return nil
}

// checkTemplateLocked finds the template of a message, and fills it in with the message's parameters.
func (n *Number) checkTemplateLocked(in incoming, m *Message) *APIError {
	var use templateUse
	if err := readStrict(in.fields["template"], &use, "template"); err != nil {
		return err
	}
	if use.Name == "" || use.Language.Code == "" {
		return missingError("template.name or language.code")
	}

	m.Content = in.fields["template"]
	t := n.waba.templateOfLocked(m)
	if t == nil {
		return noTemplateError(fmt.Sprintf("template name (%s) does not exist in %s", use.Name, use.Language.Code))
	}
	if err := t.checkSending(in); err != nil {
		return err
	}

	text, buttons, refused := fill(t.Components, use)
	m.Template, m.Text, m.buttons = text, text, buttons
	return refused
}

func noTemplateError(details string) *APIError {
	return &APIError{Status: http.StatusNotFound, Code: NoTemplate, Message: Title(NoTemplate), Details: details}
}

// checkSending returns the reason why a template can't be sent now, or nil.
func (t *Template) checkSending(in incoming) *APIError {
	switch t.Status {
	case templateApproved:
		// It may be sent.
	case templatePaused:
		return cloudError(TemplatePaused, "The template is paused because of its quality.")
	case templateDisabled:
		return cloudError(TemplateDisabled, "The template was paused too often and is disabled.")
	default:
		return noTemplateError("The template is not approved.")
	}
	if t.Category == "AUTHENTICATION" && in.To == "" {
		return cloudError(NeedsPhone, "Authentication templates need a phone number.")
	}
	return nil
}

// templateOfLocked returns the template of a message, or nil.
func (w *waba) templateOfLocked(m *Message) *Template {
	var o templateUse
	if json.Unmarshal(m.Content, &o) != nil {
		return nil
	}
	i := slices.IndexFunc(w.templates, func(t *Template) bool { return t.Name == o.Name && t.Language == o.Language.Code })
	if i < 0 {
		return nil
	}
	return w.templates[i]
}
