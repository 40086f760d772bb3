package meta

import (
	"fmt"
	"strings"
	"time"

	"parley/channels"
)

// decodeConsent decodes that a customer forbids or allows advertising.
func decodeConsent(f fact) ([]channels.Inbound, error) {
	var p preference
	if err := readJSON(f.Data, &p); err != nil {
		return nil, fmt.Errorf("whatsapp: preference: %w", err)
	}
	who := contactOf(f)
	from := partyOf(loose(firstOf(p.UserID, who.UserID)), loose(firstOf(p.WaID, who.WaID)), nameOf(who))
	isKnown := p.Value == "stop" || p.Value == "resume"
	if from.Key == "" || !isKnown {
		return nil, nil
	}
	return []channels.Inbound{{Kind: channels.InboundConsent, From: from, At: timeOf(p.Timestamp),
		Consent: &channels.Consent{OptedOut: p.Value == "stop", Marketing: true, Silent: true}}}, nil
}

// decodeErrors decodes an error that concerns the number itself.
func decodeErrors(f fact) ([]channels.Inbound, error) {
	var o errorObject
	if err := readJSON(f.Data, &o); err != nil {
		return nil, fmt.Errorf("whatsapp: error: %w", err)
	}
	return noticeOf(f, joinNonEmpty(" ", "WhatsApp reports a problem with this number:", errorWords(o), codeWords(o))), nil
}

// codeWords returns the code of an error for display, such as "(131026)", or "" if it has none.
func codeWords(o errorObject) string {
	if !o.Code.Known {
		return ""
	}
	return fmt.Sprintf("(%d)", int(o.Code.Value))
}

// errorWords returns WhatsApp's most specific description of an error.
func errorWords(o errorObject) string {
	return clippedLine(loose(firstOf(loose(o.Data.Details), loose(o.Message), loose(o.Title))), maxReason)
}

// noticeOf returns a notice for the people in charge of the account.
func noticeOf(f fact, text string) []channels.Inbound {
	return []channels.Inbound{{Kind: channels.InboundNotice, At: timeOf(loose(fmt.Sprint(f.Time))), Notices: []string{text}}}
}

// templateChange has the fields of all webhooks about templates.
// Source: Cloud API, message_template_* and template_category_update.
type templateChange struct {
	Event       loose `json:"event"`
	ID          loose `json:"message_template_id"`
	Name        loose `json:"message_template_name"`
	Language    loose `json:"message_template_language"`
	Category    loose `json:"message_template_category"`
	NewCategory loose `json:"new_category"`
	NewQuality  loose `json:"new_quality_score"`
	Reason      loose `json:"reason"`
	Disable     *struct {
		Date loose `json:"disable_date"`
	} `json:"disable_info"`
	Rejection *struct {
		Reason         loose `json:"reason"`
		Recommendation loose `json:"recommendation"`
	} `json:"rejection_info"`
}

// Maximum lengths of texts, in characters, besides those in words.go.
const (
	maxNumber = 30 // a phone number
	maxField  = 60 // the name of a webhook field
)

// isOfOtherBusiness reports whether a change concerns a WhatsApp business account other than ours (waba).
// Meta sends the changes of all business accounts of an app to the same callback. The other one may be used
// by another account of this Parley, or by another program.
func (f fact) isOfOtherBusiness(waba string) bool { return f.WABA != "" && f.WABA != waba }

// decodeChange decodes a webhook about a business account or its templates. A change of a template becomes a
// TemplateState. Those of the account and its numbers become notices for the people in charge of the account,
// and others are ignored.
func (c *Number) decodeChange(f fact) ([]channels.Inbound, error) {
	switch f.Field {
	case "message_template_status_update", "message_template_quality_update", "template_category_update":
		return c.decodeTemplate(f)
	case "phone_number_quality_update":
		return decodeLimit(f)
	case "account_alerts":
		return decodeAlert(f, c.waba)
	case "account_update":
		return decodeAccountUpdate(f, c.waba)
	}
	return nil, nil
}

// decodeLimit decodes a change of how much a number may send.
func decodeLimit(f fact) ([]channels.Inbound, error) {
	v, err := readChange[struct {
		Number loose `json:"display_phone_number"`
		Event  loose `json:"event"`
		Limit  loose `json:"current_limit"`
		Max    loose `json:"max_daily_conversations_per_business"`
	}](f)

	text := "WhatsApp changed what the number " + clippedLine(v.Number, maxNumber) + " may send: " + readableWords(v.Event)
	if limit := firstOf(v.Max, v.Limit); limit != "" {
		text += "; new customers in 24 hours: " + readableWords(loose(strings.TrimPrefix(limit, "TIER_")))
	}
	return noticeOf(f, text+"."), err
}

// decodeAlert decodes a warning. ours is the id of our business account.
func decodeAlert(f fact, ours string) ([]channels.Inbound, error) {
	v, err := readChange[struct {
		Severity    loose `json:"alert_severity"`
		Kind        loose `json:"alert_type"`
		Description loose `json:"alert_description"`
		Entity      loose `json:"entity_type"`
	}](f)

	text := "WhatsApp warns"
	if f.isOfOtherBusiness(ours) {
		text += " about the business account " + clippedLine(loose(f.WABA), maxNumber)
	}
	kind := joinNonEmpty(", ", readableWords(v.Severity), readableWords(v.Kind))
	return noticeOf(f, text+" ("+kind+"): "+clippedLine(v.Description, maxReason)), err
}

// decodeAccountUpdate decodes a change of a business account. ours is the id of our own.
func decodeAccountUpdate(f fact, ours string) ([]channels.Inbound, error) {
	v, err := readChange[struct {
		Event loose `json:"event"`
		Ban   *struct {
			State loose `json:"waba_ban_state"`
		} `json:"ban_info"`
		Violation *struct {
			Kind loose `json:"violation_type"`
		} `json:"violation_info"`
		Restrictions []restriction `json:"restriction_info"`
	}](f)

	text := "WhatsApp changed the business account"
	if f.isOfOtherBusiness(ours) {
		text += " " + clippedLine(loose(f.WABA), maxNumber)
	}
	text += ": " + readableWords(v.Event)
	if v.Ban != nil {
		text += " (" + readableWords(v.Ban.State) + ")"
	}
	if len(v.Restrictions) > 0 {
		text += " (" + restrictionText(v.Restrictions) + ")"
	}
	if v.Violation != nil {
		text += ", because of " + readableWords(v.Violation.Kind)
	}
	return noticeOf(f, text+"."), err
}

// restriction is an action that is temporarily forbidden to a business account.
type restriction struct {
	Kind  loose `json:"restriction_type"`
	Until loose `json:"expiration"` // seconds since 1970
}

// restrictionText lists restrictions with the dates on which they end.
func restrictionText(list []restriction) string {
	const maxShown = 10
	var words []string
	for _, r := range list[:min(len(list), maxShown)] {
		text := readableWords(r.Kind)
		if until := timeOf(r.Until); !until.IsZero() {
			text += " until " + until.Format(time.DateOnly)
		}
		words = append(words, text)
	}
	return joinNonEmpty(", ", words...)
}

// readChange parses the value of a change.
func readChange[T any](f fact) (v T, err error) {
	if err = readJSON(f.Data, &v); err != nil {
		err = fmt.Errorf("whatsapp: %s: %w", clippedLine(loose(f.Field), maxField), err)
	}
	return v, err
}

// readableWords makes a constant readable: ACCOUNT_RESTRICTION becomes "account restriction".
func readableWords(s loose) string {
	return strings.ToLower(strings.ReplaceAll(clippedLine(s, maxName), "_", " "))
}

// decodeTemplate decodes a change of a template's status, quality or category. If the template belongs to
// another business account, only its id is kept, because a template of ours may have the same name.
func (c *Number) decodeTemplate(f fact) ([]channels.Inbound, error) {
	v, err := readChange[templateChange](f)
	if err != nil {
		return nil, err
	}

	t := &channels.TemplateState{
		ExternalID: boundedID(string(v.ID)),
		Name:       boundedID(string(v.Name)),
		Language:   boundedID(string(v.Language)),
	}
	switch f.Field {
	case "message_template_quality_update":
		t.Quality = qualityWord(string(v.NewQuality))
	case "template_category_update":
		t.Category = clippedLine(loose(strings.ToLower(string(v.NewCategory))), maxWord)
	default:
		t.Category = clippedLine(loose(strings.ToLower(string(v.Category))), maxWord)
		t.Status = templateStatus(string(v.Event))
		t.Reason = templateReason(v)
	}

	if f.isOfOtherBusiness(c.waba) {
		t.Name, t.Language = "", ""
	}
	isNamed := t.ExternalID != "" || t.Name != ""
	hasChange := t.Status != "" || t.Quality != "" || t.Category != ""
	if !isNamed || !hasChange {
		return nil, nil
	}

	return []channels.Inbound{{Kind: channels.InboundTemplate, At: timeOf(loose(fmt.Sprint(f.Time))), Template: t}}, nil
}

// templateStatus converts the status of a template, or the event of a webhook. It returns "" for one that
// is unknown or doesn't affect sending.
// Source: Cloud API, "Template status", and the status webhook's events.
func templateStatus(s string) channels.TemplateStatus {
	switch strings.ToUpper(s) {
	case "APPROVED", "REINSTATED", "UNARCHIVED", "FLAGGED": // a flagged template may still be sent
		return channels.TemplateApproved
	case "PENDING", "IN_APPEAL", "PENDING_REVIEW":
		return channels.TemplatePending
	case "REJECTED":
		return channels.TemplateRejected
	case "PAUSED", "LOCKED", "LIMIT_EXCEEDED":
		return channels.TemplatePaused
	case "DISABLED", "DELETED", "PENDING_DELETION", "ARCHIVED":
		return channels.TemplateDisabled
	}
	return ""
}

// qualityWord returns WhatsApp's colour for the quality of a number or template, or "" if it is unknown.
func qualityWord(s string) string {
	switch colour := strings.ToLower(s); colour {
	case "green", "yellow", "red":
		return colour
	}
	return ""
}

// templateReason returns why a template was rejected or disabled, for display. It returns "" if WhatsApp
// doesn't say.
func templateReason(v templateChange) string {
	reason := ""
	if clippedLine(v.Reason, maxName) != "NONE" {
		reason = readableWords(v.Reason)
	}
	if v.Rejection != nil { // a sentence, which is more specific than the constant in v.Reason
		reason = strings.TrimSuffix(clippedLine(v.Rejection.Reason, maxDetail), ".")
		reason = joinNonEmpty(". ", reason, clippedLine(v.Rejection.Recommendation, maxDetail))
	}
	if v.Disable != nil && v.Disable.Date != "" {
		reason = joinNonEmpty("; ", reason, "disabled on "+clippedLine(v.Disable.Date, maxWord))
	}
	return reason
}
