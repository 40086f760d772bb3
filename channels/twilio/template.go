package twilio

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parley/channels"
)

// content is a Content resource, with its approval if that was requested.
type content struct {
	SID      string   `json:"sid"`
	Name     string   `json:"friendly_name"`
	Language string   `json:"language"`
	Created  stamp    `json:"date_created"`
	Approval approval `json:"approval_requests"`
}

// approval is WhatsApp's verdict on a content. Twilio writes it below "whatsapp" when a content is fetched
// alone, and without that level in the list.
type approval struct {
	Name     string    `json:"name"`
	Category string    `json:"category"`
	Status   string    `json:"status"`
	Reason   string    `json:"rejection_reason"`
	WhatsApp *approval `json:"whatsapp"`
}

// unwrap returns the approval itself, in whichever of the two forms it came.
func (a approval) unwrap() approval {
	if a.WhatsApp != nil {
		return *a.WhatsApp
	}
	return a
}

// describeState converts a content to Parley's form.
func (t content) describeState() channels.TemplateState {
	a := t.Approval.unwrap()
	return channels.TemplateState{
		ExternalID: t.SID,
		Name:       cmp.Or(a.Name, t.Name),
		Language:   t.Language,
		Category:   strings.ToLower(a.Category),
		Status:     templateStatus(a.Status),
		Reason:     a.Reason,
	}
}

// templateStatus converts Twilio's status. An unknown one counts as pending, so that the template isn't sent.
func templateStatus(s string) channels.TemplateStatus {
	switch strings.ToLower(s) {
	case "", "unsubmitted":
		return channels.TemplateDraft
	case "approved":
		return channels.TemplateApproved
	case "rejected":
		return channels.TemplateRejected
	case "paused":
		return channels.TemplatePaused
	case "disabled":
		return channels.TemplateDisabled
	}
	return channels.TemplatePending
}

// variablesOf returns a template's variables in the order of their numbers at Twilio.
func variablesOf(t channels.Template) []string {
	if len(t.Variables) > 0 {
		return t.Variables
	}
	return channels.Variables(t.Header, t.Body)
}

// numberVariables replaces names of variables by numbers: {{name}} becomes {{1}}.
func numberVariables(text string, t channels.Template) string {
	numbers := map[string]string{}
	for i, name := range variablesOf(t) {
		numbers[name] = "{{" + strconv.Itoa(i+1) + "}}"
	}
	return channels.Fill(text, numbers)
}

// variableValue collapses white space in a value: WhatsApp refuses line ends, tabs and repeated spaces.
func variableValue(s string) string { return strings.Join(strings.Fields(s), " ") }

// SubmitTemplate implements channels.Templater. A template is a "content" at Twilio, for which WhatsApp's approval is then requested.
// Twilio can't change a submitted content, so a changed template becomes a new one, and the old one is deleted.
func (w *WhatsApp) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	examples := map[string]string{}
	for i, name := range variablesOf(t) {
		examples[strconv.Itoa(i+1)] = t.Examples[name]
	}

	made, err := w.catalogue.create(ctx, map[string]any{
		"friendly_name": t.Name, "language": t.Language, "variables": examples, "types": templateTypes(t)})
	if err != nil {
		return channels.TemplateState{}, sendError(err)
	}

	name := t.Name
	if t.ExternalID != "" { // WhatsApp keeps the old name for 30 days
		const base = 36 // letters and digits, so that the seconds take six characters
		name = clipName(t.Name) + "_" + strconv.FormatInt(w.env.Now().Unix(), base)
	}

	a, err := w.catalogue.requestApproval(ctx, made.SID, name, t.Category)
	if err != nil {
		// Without a request for approval, the content is of no use. If it can't be removed, it shows up in the list of templates.
		failed := *sendError(err)
		if w.catalogue.remove(context.WithoutCancel(ctx), made.SID) != nil {
			failed.Class = channels.Ambiguous
		}
		return channels.TemplateState{}, &failed
	}

	if t.ExternalID != "" {
		if err := w.catalogue.remove(ctx, t.ExternalID); err != nil {
			w.log.Warn("old template not deleted", "error", err)
		}
	}

	made.Approval = a
	state := made.describeState()
	state.Language, state.Name = t.Language, t.Name
	if state.Status == channels.TemplateDraft { // it has just been submitted, whatever Twilio calls it
		state.Status = channels.TemplatePending
	}

	return state, nil
}

// clipName shortens a template's name to leave room for a suffix. Names are ASCII, of at most 512 characters.
func clipName(name string) string {
	const maxBeforeSuffix = 480
	return name[:min(len(name), maxBeforeSuffix)]
}

// templateTypes returns a template in the form of the Content API: as plain text, as text with quick replies, or
// as WhatsApp's card if it has more.
func templateTypes(t channels.Template) map[string]any {
	body := numberVariables(t.Body, t)
	actions := []map[string]string{}
	hasLinks := false
	for _, b := range t.Buttons {
		if b.URL != "" {
			hasLinks = true
			actions = append(actions, map[string]string{"type": "URL", "title": b.Title, "url": b.URL})
			continue
		}

		actions = append(actions, map[string]string{"type": "QUICK_REPLY", "title": b.Title, "id": cmp.Or(b.ID, b.Title)})
	}

	if t.Header == "" && t.Footer == "" {
		if len(actions) == 0 {
			return map[string]any{"twilio/text": map[string]any{"body": body}}
		}
		if !hasLinks {
			return map[string]any{"twilio/quick-reply": map[string]any{"body": body, "actions": actions}}
		}
	}

	card := map[string]any{"body": body, "header_text": numberVariables(t.Header, t), "footer": t.Footer}
	for _, optional := range []string{"header_text", "footer"} {
		if card[optional] == "" {
			delete(card, optional)
		}
	}

	if len(actions) > 0 {
		card["actions"] = actions
	}

	return map[string]any{"whatsapp/card": card}
}

// DeleteTemplate implements channels.Templater.
func (w *WhatsApp) DeleteTemplate(ctx context.Context, t channels.Template) error {
	if t.ExternalID == "" {
		return nil
	}
	return w.catalogue.remove(ctx, t.ExternalID)
}

// catalogue manages the account's contents: templates, and contents that were made for single messages.
type catalogue struct{ api *client }

// create makes a content. It sends nothing, so it may be repeated after any error.
func (c catalogue) create(ctx context.Context, fields map[string]any) (content, error) {
	var made content
	err := c.api.call(ctx, request{method: http.MethodPost, url: c.api.content + "/v1/Content", json: fields}, &made)
	return made, err
}

// requestApproval asks WhatsApp to approve a content under a name.
func (c catalogue) requestApproval(ctx context.Context, sid, name, category string) (approval, error) {
	var a approval
	err := c.api.call(ctx, request{
		method: http.MethodPost,
		url:    c.api.content + "/v1/Content/" + url.PathEscape(sid) + "/ApprovalRequests/whatsapp",
		json:   map[string]any{"name": name, "category": strings.ToUpper(category)},
	}, &a)
	return a, err
}

// remove deletes a content. It is no error if there is none.
func (c catalogue) remove(ctx context.Context, sid string) error {
	err := c.api.call(ctx, request{method: http.MethodDelete, url: c.api.content + "/v1/Content/" + url.PathEscape(sid)}, nil)
	if api, ok := errors.AsType[*apiError](err); ok && api.status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return asNotSent(err)
	}
	return nil
}

// removeAll deletes contents, as many as it can.
func (c catalogue) removeAll(ctx context.Context, sids []string) error {
	var err error
	for _, sid := range sids {
		err = errors.Join(err, c.remove(ctx, sid))
	}
	return err
}

// ListTemplates implements channels.Templater.
func (w *WhatsApp) ListTemplates(ctx context.Context) ([]channels.TemplateState, error) {
	list, err := w.catalogue.list(ctx)
	if err != nil {
		return nil, asNotSent(err)
	}
	states := []channels.TemplateState{}
	for _, t := range list {
		if t.Name != onceName {
			states = append(states, t.describeState())
		}
	}
	return states, nil
}

// list returns all contents with their approvals.
func (c catalogue) list(ctx context.Context) ([]content, error) {
	var all []content
	err := c.api.eachPage(ctx, c.api.content+"/v1/ContentAndApprovals?PageSize=100", func(p page) bool {
		all = append(all, p.Contents...)
		return false
	})
	return all, err
}
