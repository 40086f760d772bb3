package whatsapp

// Error codes, in answers and in statuses.
// Source: Cloud API, "Error codes", read in November 2026.
const (
	// Of Graph itself.
	codeAuthFailed       = 0 // the token isn't accepted
	codeUnknown          = 1
	codeService          = 2
	codeCapability       = 3 // the app lacks a capability
	codeTooManyCalls     = 4 // of the app
	codePermission       = 10
	codeNumberDeleted    = 33
	codeInvalidParameter = 100
	codeBadSignature     = 104
	codeTokenEnded       = 190
	codeBlocked          = 368 // the account, for breaking the rules
	codeFirstPermission  = 200 // the first of those that say that the token lacks a permission
	codeLastPermission   = 299

	// Too much at once.
	codeUserRate     = 17  // calls with the token of one user
	codePageRate     = 32  // calls for one object
	codeCustomRate   = 613 // calls of one kind
	codeAccountRate  = 80007
	codeBusinessRate = 80008 // calls that manage the business account
	codeManagingRate = 80012 // the same, of another kind
	codeNumberRate   = 130429
	codeSpamRate     = 131048
	codePairRate     = 131056 // too many messages to one customer
	codeRestricted   = 131064
	codeRegisterRate = 133016

	// A problem on WhatsApp's side.
	codeSomethingWrong = 131000
	codeUnavailable    = 131016
	codeMaintenance    = 131057
	codeGeneric        = 135000

	// The recipient.
	codeToOneself        = 131021 // sender and recipient are the same
	codeUndeliverable    = 131026
	codeNotOnTestList    = 131030 // a test number may only write to numbers on its list
	codeWindowClosed     = 131047 // the reply window
	codeMarketingStopped = 131050 // the customer wants no advertising
	codeNumberHidden     = 131062 // a template needs the phone number, which WhatsApp hides
	codeIdentityChanged  = 137000 // what was sent names an identity key that isn't the customer's any more

	// The content.
	codeExperiment       = 130472 // advertising isn't delivered because Meta makes an experiment
	codeMissingParameter = 131008
	codeInvalidValue     = 131009
	codeNotDelivered     = 131049 // advertising isn't delivered, to keep it rare
	codeUnknownType      = 131051
	codeMediaUnreadable  = 131052
	codeMediaRefused     = 131053 // a file's content isn't what its type says

	// Templates.
	codeTemplateCount    = 132000 // the number of its parameters is wrong
	codeTemplateUnknown  = 132001
	codeTemplateTooLong  = 132005
	codeTemplateRules    = 132007 // a parameter breaks WhatsApp's rules
	codeTemplateForm     = 132008
	codeTemplateFormat   = 132012 // a parameter has the wrong form
	codeTemplatePaused   = 132015
	codeTemplateDisabled = 132016
	codeMarketingOff     = 131063 // the business account's setting disable_marketing_messages_on_cloud_api

	// The account.
	codeCountryBlocked  = 130497 // the account may not write to this country
	codeAccessDenied    = 131005
	codeLocked          = 131031 // the account, for breaking the rules
	codeNameNotApproved = 131037
	codePayment         = 131042
	codeBadCertificate  = 131045
	codeNotRegistered   = 133010
)
