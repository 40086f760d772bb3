package graphfake

import (
	"slices"
	"strings"
)

// templateFilter selects templates. An empty field selects all. Source: Graph API reference, "Message Templates".
type templateFilter struct {
	Name     string `json:"name"`
	Language Names  `json:"language"`
	Category Names  `json:"category"`
	Status   Names  `json:"status"`
	Summary  Names  `json:"summary"` // doesn't filter: the counts that the answer shall have
}

// listTemplates returns a page of the templates that a filter selects.
func (w *waba) listTemplates(c *call) (any, *APIError) {
	var filter templateFilter
	if err := c.readBody(&filter); err != nil {
		return nil, err
	}

	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(w.templates), func(t *Template) bool { return !filter.selects(t) })
	window, refused := c.readWindow(len(list))
	if refused != nil {
		return nil, refused
	}

	var data []any
	for _, t := range list[window.from:window.to] {
		one, refused := t.fieldsLocked().choose(c)
		if refused != nil {
			return nil, refused
		}
		data = append(data, one)
	}

	answer := window.answer(data)
	if len(filter.Summary) > 0 {
		answer["summary"] = w.countLocked(filter.Summary, len(list))
	}
	return answer, nil
}

// selects reports whether a template has the values of the filter.
func (f templateFilter) selects(t *Template) bool {
	isNamed := f.Name == "" || strings.EqualFold(f.Name, t.Name)
	return isNamed && isOneOf(f.Language, t.Language) && isOneOf(f.Category, t.Category) && isOneOf(f.Status, t.Status)
}

// isOneOf reports whether a value is in a list, or the list names nothing.
func isOneOf(list Names, value string) bool {
	isEmpty := strings.Join(list, "") == ""
	return isEmpty || slices.ContainsFunc(list, func(wanted string) bool { return strings.EqualFold(wanted, value) })
}

// maxTemplates is Meta's limit for accounts of businesses that aren't verified.
const maxTemplates = 250

// countLocked returns the counts that a call names. selected is the number of templates that its filter selects.
func (w *waba) countLocked(names []string, selected int) map[string]any {
	counts := map[string]any{
		"total_count":               selected,
		"message_template_count":    len(w.templates),
		"message_template_limit":    maxTemplates,
		"are_translations_complete": true,
	}
	asked := map[string]any{}
	for _, name := range names {
		if count, isKnown := counts[name]; isKnown {
			asked[name] = count
		}
	}
	return asked
}
