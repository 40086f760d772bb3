package twiliofake

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// This file imitates WhatsApp's review of message templates. The company creates a content (content.go) and requests approval for it.
// After Options.ReviewDelay, the content is approved or rejected by two of WhatsApp's rules: each variable needs an example, and the
// text must not begin or end with a variable.

// approvalView returns a content's approval as the API shows it.
func (l *library) approvalView(c *storedContent) map[string]any {
	kind, _ := c.forWhatsApp()
	return map[string]any{"type": "whatsapp", "name": c.approvalName, "category": c.category, "content_type": kind, "status": c.verdict,
		"rejection_reason": c.reason, "allow_category_change": true}
}

var templateName = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

// requestApproval handles a request for approval.
func (l *library) requestApproval(w http.ResponseWriter, r *http.Request, c *storedContent) {
	var in struct{ Name, Category string }
	err := json.NewDecoder(r.Body).Decode(&in)
	isTaken := slices.ContainsFunc(l.contents, func(other *storedContent) bool {
		hasName := other.approvalName == in.Name && other.language == c.language
		return hasName && other != c
	})
	switch {
	case err != nil || !templateName.MatchString(in.Name):
		refuse(w, http.StatusBadRequest, codeInvalid, "name: lower case letters, digits and _ only")
	case !slices.Contains([]string{"UTILITY", "MARKETING", "AUTHENTICATION"}, in.Category):
		refuse(w, http.StatusBadRequest, codeInvalid, "category: UTILITY, MARKETING or AUTHENTICATION")
	case isTaken:
		refuse(w, http.StatusBadRequest, codeInvalid, "a template of this name and language exists already")
	case c.verdict != verdictUnsubmitted:
		refuse(w, http.StatusBadRequest, codeInvalid, "it was submitted before")
	default:
		c.approvalName, c.category = in.Name, in.Category
		c.verdict, c.submitted = verdictReceived, l.opt.Now()
		l.Poke()
		answer(w, http.StatusCreated, l.approvalView(c))
	}
}

var variable = regexp.MustCompile(`\{\{(\d+)\}\}`)

// updateVerdictLocked sets the verdict on a submitted content if its review is due.
func (l *library) updateVerdictLocked(c *storedContent) {
	if c.verdict != verdictReceived && c.verdict != verdictPending {
		return
	}
	if l.opt.Now().Sub(c.submitted) < l.opt.ReviewDelay {
		c.verdict = verdictPending
		return
	}

	_, b := c.forWhatsApp()
	c.verdict = verdictApproved
	text := strings.TrimSpace(b.Body)
	for _, bounds := range variable.FindAllStringSubmatchIndex(text, -1) {
		begin, end := bounds[0], bounds[1]
		number := strings.Trim(text[begin:end], "{}")
		switch {
		case c.variables[number] == "":
			c.verdict, c.reason = verdictRejected, "The message template is missing an example for a variable."
		case begin == 0 || end == len(text):
			c.verdict, c.reason = verdictRejected, "Variables can't be at the start or end of the template."
		}
	}
}

// hasApprovedContentLocked reports whether a message has an approved content. Only such a message may be sent outside the reply window.
func (l *library) hasApprovedContentLocked(m *stored) bool {
	if m.content == nil {
		return false
	}
	l.updateVerdictLocked(m.content)
	return m.content.verdict == verdictApproved
}

// contentVerdictLocked returns WhatsApp's verdict on a message's content, or "" for a message without a content.
func (l *library) contentVerdictLocked(m *stored) verdict {
	if m.content == nil {
		return ""
	}
	return m.content.verdict
}
