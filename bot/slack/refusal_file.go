package slack

import (
	"errors"
	"net/http"

	slackapi "github.com/slack-go/slack"

	"parley/channels"
)

// A customer's message with files is shown in Slack, but a file may fail: Slack forbids its type, or the upload breaks off.
// This file decides whether to try again, or to show only the file's name with the reason, as in "setup.exe (files of this
// kind are not allowed in Slack)". Later messages of the thread wait for the files, so a hopeless upload must end.

// OnlyImages is Slack's error code for a file that isn't a picture, in a workspace that allows only pictures.
const OnlyImages = "file_uploads_except_images_disabled"

// FileError is the failure to read or upload one file, before Slack was asked to show it.
type FileError struct {
	Why   string // the reason, as a text for agents
	Lasts bool   // whether retrying is pointless
	Cause error
}

// Error implements error.
func (e *FileError) Error() string { return "slack: file: " + e.Why + ": " + e.Cause.Error() }

func (e *FileError) Unwrap() error { return e.Cause }

// Unreadable returns the error for a file whose content Parley can't read. err is the error of reading.
func Unreadable(err error) error {
	if channels.ClassOf(err) == channels.BadContent {
		return &FileError{Why: "not there any more", Lasts: true, Cause: err}
	}
	return &FileError{Why: "Parley can't read it", Cause: err}
}

// NotUploaded returns the error for a file whose upload failed with err. The response may come from Slack or from a proxy
// between us and Slack.
func NotUploaded(err error) error {
	status, ok := errors.AsType[slackapi.StatusCodeError](err)
	if !ok {
		return &FileError{Why: "its upload fails", Cause: err}
	}
	isClientError := status.Code >= http.StatusBadRequest && status.Code < http.StatusInternalServerError
	isTemporary := status.Code == http.StatusRequestTimeout || status.Code == http.StatusTooManyRequests
	return &FileError{Why: "its upload is answered with " + status.Status, Lasts: isClientError && !isTemporary, Cause: err}
}

// WhyNoFile returns the reason for giving up on a file, as a text for agents, or "" if retrying may help. isLate means that
// retries have gone on for so long that every FileError is a reason to give up.
func WhyNoFile(err error, isLate bool) string {
	if f, ok := errors.AsType[*FileError](err); ok && (f.Lasts || isLate) {
		return f.Why
	}

	switch CodeOf(err) {
	case "file_uploads_disabled":
		return "file uploads are switched off in Slack"
	case "storage_limit_reached":
		return "the Slack workspace's file storage is full"
	case "file_type_not_allowed":
		return "files of this kind are not allowed in Slack"
	case OnlyImages:
		return "only pictures are allowed in Slack"
	case "file_upload_size_restricted":
		return "larger than the Slack workspace allows"
	}
	return ""
}

// WhyNoFiles returns the reason why Slack refuses several files because of one of them. Slack doesn't say which one, so the
// text fits all of them. It returns "" if the reason isn't one of the files.
func WhyNoFiles(err error) string {
	switch CodeOf(err) {
	case "file_type_not_allowed", OnlyImages:
		return "not shown: Slack allows no files of one of these kinds"
	case "file_upload_size_restricted":
		return "not shown: one of these is larger than the Slack workspace allows"
	}
	return ""
}
