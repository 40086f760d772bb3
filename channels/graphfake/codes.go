package graphfake

// Error codes of Graph. Those from 130000 on are used only by WhatsApp's Cloud API.
// Source: Graph API, "Handle Errors"; Cloud API, "Error codes"; Messenger Platform, "Error codes".
const (
	Unknown          = 1      // also used for a wrong app secret
	Permission       = 10     // the action isn't permitted
	NeedsApp         = 15     // the call needs the token of the app itself
	Invalid          = 100    // invalid parameter
	App              = 101    // unknown app
	NoToken          = 104    // the token is missing
	Token            = 190    // the token is invalid, expired or revoked
	Permissions      = 200    // the token lacks a permission
	Unavailable      = 551    // the person can't receive messages
	Unverified       = 2200   // the callback didn't return the challenge
	Path             = 2500   // unknown path
	NumberRate       = 130429 // the rate limit of the sending number
	Missing          = 131008 // required parameter
	BadValue         = 131009 // invalid value of a parameter
	Undeliverable    = 131026
	WindowClosed     = 131047 // only templates may be sent
	Media            = 131053 // upload error
	PairRate         = 131056 // the rate limit towards one customer
	NeedsPhone       = 131062 // the template can only be sent to a phone number
	TemplateCount    = 132000 // wrong number of parameters
	NoTemplate       = 132001 // unknown template, or not approved
	TemplatePaused   = 132015
	TemplateDisabled = 132016
)

// Subcodes, which make a code more specific.
const (
	SubNoObject       = 33      // the object doesn't exist or isn't visible to the token
	SubRevoked        = 460     // the token was revoked
	SubExpired        = 463     // the token has expired
	SubCodeExpired    = 36007   // the code of a sign-up has expired
	SubCodeRedirect   = 36008   // the code of a sign-up belongs to another redirect
	SubCodeUsed       = 36009   // the code of a sign-up was used before
	SubNoPerson       = 2018001 // unknown recipient
	SubUpload         = 2018047 // the file is refused
	SubWindow         = 2018278 // the reply window is closed
	SubTemplateExists = 2388024 // a template with this name and language exists
	SubTemplate       = 2388043 // a template breaks the rules
	SubNoTemplate     = 2593002 // unknown template
)

// Title returns the title of an error code of the Cloud API, or a general title for other codes.
// Source: Cloud API, "Error codes".
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
	case NoTemplate:
		return "Template name does not exist in the translation"
	case TemplatePaused:
		return "Template is paused"
	case TemplateDisabled:
		return "Template is disabled"
	}

	return "Something went wrong"
}
