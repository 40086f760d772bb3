package graphfake

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/channels"
)

// Template is a message template of a WhatsApp business account. Meta reviews each template before it may be sent, and again
// after each edit. Tests give the verdict with Review.
type Template struct {
	ID         string
	Name       string
	Language   string
	Category   string // UTILITY, MARKETING, AUTHENTICATION
	Status     string // templatePending …
	Reason     string // of a rejection; "" means NONE
	Components []Component

	w       *waba
	created time.Time
	edited  []time.Time // edits while it was approved, in the last 30 days
}

const (
	templatePending  = "PENDING"
	templateApproved = "APPROVED"
	templateRejected = "REJECTED"
	templatePaused   = "PAUSED"
	templateDisabled = "DISABLED"
)

var namePattern = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

func badTemplate(details string) *APIError {
	return &APIError{Code: Invalid, Subcode: SubTemplate, Message: "Invalid parameter", Details: details}
}

// createTemplate submits a template for review. Source: Cloud API, "Templates".
func (w *waba) createTemplate(c *call) (any, *APIError) {
	var in struct {
		Name       string      `json:"name"`
		Language   string      `json:"language"`
		Category   string      `json:"category"`
		Components []Component `json:"components"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}

	t := &Template{Name: in.Name, Language: in.Language, Category: strings.ToUpper(in.Category), Status: templatePending,
		Components: in.Components, w: w, created: w.b.clock()}
	switch {
	case !namePattern.MatchString(t.Name):
		return nil, badTemplate("A template's name has only a-z, 0-9 and _, at most 512.")
	case !channels.IsKnown(t.Language):
		return nil, badTemplate("Param language must be one of {" + strings.Join(channels.Codes(), ", ") + "}.")
	case !slices.Contains([]string{"UTILITY", "MARKETING", "AUTHENTICATION"}, t.Category):
		return nil, badTemplate("Unknown category.")
	}

	if fault := checkLayout(t.Components); fault != "" {
		return nil, badTemplate(fault)
	}

	w.b.mu.Lock()
	defer w.b.mu.Unlock()

	for _, other := range w.templates {
		if other.Name == t.Name && other.Language == t.Language {
			err := invalidError("There is already a template with this name in this language.")
			err.Subcode = SubTemplateExists
			return nil, err
		}
	}

	t.ID = w.b.newIDLocked()
	w.templates = append(w.templates, t)
	w.b.nodes[t.ID] = t
	t.reviewLaterLocked()
	w.b.Poke()
	return map[string]any{"id": t.ID, "status": t.Status, "category": t.Category}, nil
}

// reviewLaterLocked approves a template after Options.ReviewAfter, unless it was reviewed or deleted before that.
func (t *Template) reviewLaterLocked() {
	b := t.w.b
	if b.opts.ReviewAfter <= 0 {
		return
	}
	b.hooks.runLater(b.opts.ReviewAfter, func() {
		if t.isPending() {
			_ = b.Review(t.ID, templateApproved, "") // fails only if the template was just deleted
		}
	})
}

// isPending reports whether a template exists and waits for its review.
func (t *Template) isPending() bool {
	b := t.w.b
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.nodes[t.ID] == t && t.Status == templatePending
}

// get returns the fields of the template that the caller requests. Source: facebook/openapi, GET /{TEMPLATE_ID}.
func (t *Template) get(c *call) (any, *APIError) {
	t.w.b.mu.Lock()
	defer t.w.b.mu.Unlock()
	return t.fieldsLocked().choose(c)
}

// fieldsLocked returns the fields of the template. Source: facebook/openapi, GET /{WABA-ID}/message_templates; Graph API
// reference, "WhatsApp Message Template".
func (t *Template) fieldsLocked() nodeFields {
	return nodeFields{kind: "WhatsAppBusinessHSM", id: t.ID, defaults: "name,language,category,status,components", all: map[string]any{
		"name": t.Name, "language": t.Language, "category": t.Category, "status": t.Status, "components": t.Components,
		"quality_score":   map[string]any{"score": "UNKNOWN", "date": t.created.Unix()},
		"rejected_reason": cmp.Or(t.Reason, "NONE"),
	}}
}

// listTemplates returns a page of the templates.
func (w *waba) listTemplates(c *call) (any, *APIError) {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	window, refused := c.readWindow(len(w.templates))
	if refused != nil {
		return nil, refused
	}
	var data []any
	for _, t := range w.templates[window.from:window.to] {
		one, refused := t.fieldsLocked().choose(c)
		if refused != nil {
			return nil, refused
		}
		data = append(data, one)
	}
	return window.answer(data), nil
}

// deleteTemplate deletes the templates with a name in all languages, or only the one that also has the id in hsm_id.
func (w *waba) deleteTemplate(c *call) (any, *APIError) {
	name, id := c.args.Text("name"), c.args.Text("hsm_id")
	if name == "" {
		return nil, missingError("name")
	}

	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	before := len(w.templates)
	w.templates = slices.DeleteFunc(w.templates, func(t *Template) bool {
		isMeant := id == "" || id == t.ID
		if !isMeant || t.Name != name {
			return false
		}

		delete(w.b.nodes, t.ID)
		return true
	})
	if len(w.templates) == before {
		const text = "Message template not found"
		return nil, &APIError{Status: http.StatusNotFound, Code: Invalid, Subcode: SubNoTemplate, Message: text}
	}

	w.b.Poke()
	return map[string]any{"success": true}, nil
}

func (t *Template) ownerID() string { return t.w.id }

func (t *Template) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"whatsapp.template", t.get}, true
	case "POST ":
		return route{"whatsapp.template.edit", t.editTemplate}, true
	}
	return route{}, false
}

// editTemplate changes a template and submits it for review again. An approved template can be edited once a day and ten times
// a month, but its category can't be changed.
func (t *Template) editTemplate(c *call) (any, *APIError) {
	var in struct {
		Category   string      `json:"category"`
		Components []Component `json:"components"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}

	t.w.b.mu.Lock()
	defer t.w.b.mu.Unlock()
	if fault := checkLayout(in.Components); fault != "" {
		return nil, badTemplate(fault)
	}

	switch t.Status {
	case templateApproved:
		if err := t.countEditLocked(in.Category); err != nil {
			return nil, err
		}
	case templateRejected, templatePaused:
		// May be edited without limit.
	default:
		return nil, badTemplate("A template that is " + t.Status + " can't be edited.")
	}

	t.Components, t.Status, t.Reason = in.Components, templatePending, ""
	t.reviewLaterLocked()
	if in.Category != "" {
		t.Category = strings.ToUpper(in.Category)
	}

	t.w.b.Poke()
	return map[string]any{"success": true, "id": t.ID, "name": t.Name, "category": t.Category}, nil
}

// countEditLocked counts an edit of an approved template, or refuses it.
func (t *Template) countEditLocked(category string) *APIError {
	if category != "" && !strings.EqualFold(category, t.Category) {
		return badTemplate("The category of an approved template can't be edited.")
	}

	now := t.w.b.clock()
	t.edited = slices.DeleteFunc(t.edited, func(at time.Time) bool { return now.Sub(at) >= 30*24*time.Hour })
	n := len(t.edited)
	wasEditedToday := n > 0 && now.Sub(t.edited[n-1]) < 24*time.Hour
	if n >= 10 || wasEditedToday {
		return badTemplate("An approved template can be edited once in 24 hours and ten times in 30 days.")
	}
	t.edited = append(t.edited, now)
	return nil
}

// Templates returns the templates of a business account.
func (b *business) Templates(wabaID string) []Template {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, ok := b.nodes[wabaID].(*waba)
	if !ok {
		return nil
	}
	var list []Template
	for _, t := range w.templates {
		list = append(list, *t)
	}
	return list
}

// AddTemplate adds an approved template and returns its id. The body may have the variables {{1}}, {{2}}, …
func (b *business) AddTemplate(wabaID, name, language, category, body string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.wabaLocked(wabaID)
	t := &Template{ID: b.newIDLocked(), Name: name, Language: language, Category: category, Status: templateApproved,
		Components: []Component{{Type: "BODY", Text: body}}, w: w, created: b.clock()}
	w.templates = append(w.templates, t)
	b.nodes[t.ID] = t
	b.Poke()
	return t.ID
}

// Review changes the status of a template, as Meta does, and sends the webhook about it. event is APPROVED, REJECTED (with a
// reason), PAUSED, DISABLED, FLAGGED, REINSTATED, … Errors: no such template.
func (b *business) Review(id, event, reason string) error {
	return b.withTemplate(id, func(t *Template) {
		switch event {
		case "REINSTATED", "FLAGGED", "UNARCHIVED":
			t.Status = templateApproved
		default:
			t.Status = event
		}

		t.Reason = reason
		v := t.nameFields()
		v["event"], v["message_template_category"] = event, t.Category
		v["reason"] = cmp.Or(reason, "NONE")
		if event == templateRejected {
			v["rejection_info"] = map[string]any{"reason": reason, "recommendation": "Write it so that its purpose is clear."}
		}
		if event == templateDisabled {
			v["disable_info"] = map[string]any{"disable_date": b.clock().Format(time.DateOnly)}
		}

		t.w.notifyLocked("hook.template.status", "message_template_status_update", v)
	})
}

func (b *business) withTemplate(id string, f func(*Template)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.nodes[id].(*Template)
	if !ok {
		return fmt.Errorf("graphfake: no template %q", id)
	}
	f(t)
	b.Poke()
	return nil
}

// nameFields returns the fields that all webhooks about a template have.
func (t *Template) nameFields() map[string]any {
	id, _ := strconv.ParseInt(t.ID, 10, 64) // can't fail: ids are numbers
	return map[string]any{"message_template_id": id, "message_template_name": t.Name, "message_template_language": t.Language}
}
