package graphfake

import (
	"cmp"
	"fmt"
	"strings"
)

// APIError is an error response of the Graph API. The functions below build the errors that several calls return.
type APIError struct {
	Status  int // of HTTP; 0 means 400
	Code    int
	Subcode int
	Type    string // "" means OAuthException
	Message string
	Details string
}

// unverifiedError means that a callback didn't return the challenge that it was sent.
func unverifiedError(cause error) *APIError {
	return &APIError{Code: Unverified, Message: "Callback verification failed", Details: cause.Error()}
}

func invalidError(details string) *APIError {
	return &APIError{Code: Invalid, Message: "Invalid parameter", Details: details}
}

// cloudError is an error of the Cloud API, with the title of its code.
func cloudError(code int, details string) *APIError {
	return &APIError{Code: code, Message: Title(code), Details: details}
}

// unsupportedError means that a node or edge doesn't exist, or that the token doesn't cover it.
func unsupportedError(method, id string) *APIError {
	const text = "Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, " +
		"or does not support this operation."
	return &APIError{
		Code:    Invalid,
		Subcode: SubNoObject,
		Type:    "GraphMethodException",
		Message: fmt.Sprintf(text, strings.ToLower(method), id),
	}
}

// asJSON returns the response body: {"error": {"code": 100, "message": "(#100) Invalid parameter", …}}.
func (e *APIError) asJSON(trace string) map[string]any {
	o := map[string]any{
		"message":    fmt.Sprintf("(#%d) %s", e.Code, e.Message),
		"type":       cmp.Or(e.Type, "OAuthException"),
		"code":       e.Code,
		"fbtrace_id": trace,
	}
	if e.Subcode != 0 {
		o["error_subcode"] = e.Subcode
	}
	if e.Details != "" {
		o["error_data"] = map[string]any{"messaging_product": "whatsapp", "details": e.Details}
	}
	return map[string]any{"error": o}
}
