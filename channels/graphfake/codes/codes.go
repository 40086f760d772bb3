// Package codes has the numbers by which Meta's Graph API says what is wrong with a request, as far as graphfake refuses
// requests, and their titles.
//
// What does not belong here: when something is refused, and the rest of the answer.
package codes

// Error codes of Graph; from 130000 on they are the Cloud API's.
// Source: Graph API, "Handle Errors"; Cloud API, "Error codes"; Messenger Platform, "Error codes".
const (
	Unknown          = 1    // also for a wrong secret
	Permission       = 10   // the action is not allowed
	NeedsApp         = 15   // only the app itself may ask
	Invalid          = 100  // a parameter
	App              = 101  // the app isn't known
	NoToken          = 104  // there is no token
	Token            = 190  // the token isn't accepted
	Permissions      = 200  // the token lacks a permission
	Unavailable      = 551  // the person gets no messages
	Unverified       = 2200 // a callback didn't answer the challenge
	Path             = 2500 // there is no such path
	NumberRate       = 130429
	Missing          = 131008 // a parameter is missing
	BadValue         = 131009 // a parameter has a wrong value
	Undeliverable    = 131026
	WindowClosed     = 131047
	Media            = 131053 // a file
	PairRate         = 131056
	NeedsPhone       = 131062 // a template needs the phone number
	TemplateCount    = 132000 // the number of its parameters is wrong
	NoTemplate       = 132001
	TemplateFormat   = 132012 // a parameter is of another kind than the template's
	TemplatePaused   = 132015
	TemplateDisabled = 132016
)

// Subcodes, which say more than the code.
const (
	SubNoObject       = 33      // no such object
	SubRevoked        = 460     // the token was revoked
	SubExpired        = 463     // the token has expired
	SubCodeExpired    = 36007   // the code of a sign-up has expired
	SubCodeRedirect   = 36008   // the code of a sign-up belongs to another redirect
	SubCodeUsed       = 36009   // the code of a sign-up was used before
	SubBlocked        = 1545041 // the person has blocked the Page
	SubRestricted     = 1893063 // the Page may not send
	SubNoPerson       = 2018001
	SubFetch          = 2018008 // a file at the sender's address can't be fetched
	SubUpload         = 2018047 // a file is not taken
	SubNoProfile      = 2018218 // the person's profile is private
	SubWindow         = 2018278 // the reply window is closed
	SubHeld           = 2018300 // another app has control of the conversation
	SubTemplateExists = 2388024 // name and language are taken
	SubTemplate       = 2388043 // a template breaks the rules
	SubNoTemplate     = 2593002
)

// Title returns the title of an error. Source: Cloud API, "Error codes".
func Title(code int) string {
	switch code {
	case WindowClosed:
		return "Re-engagement message"
	case Undeliverable:
		return "Message undeliverable"
	case PairRate:
		return "(Business Account, Consumer Account) pair rate limit hit"
	case NumberRate:
		return "Rate limit hit"
	case BadValue:
		return "Parameter value is not valid"
	case Missing:
		return "Required parameter is missing"
	case Media:
		return "Media upload error"
	case TemplateCount:
		return "Number of parameters does not match the expected number of params"
	case TemplateFormat:
		return "Parameter format does not match format in the created template"
	case NoTemplate:
		return "Template name does not exist in the translation"
	case TemplatePaused:
		return "Template is paused"
	case TemplateDisabled:
		return "Template is disabled"
	}

	return "Something went wrong"
}
