package app

import (
	"net/url"
	"strings"

	"parley/channels"
	"parley/store/blob"
)

// ObjectsEnv configures an S3-compatible object store. Parley moves the content of old files, such as attachments of
// mails, from the database to the object store if one is configured.
type ObjectsEnv struct {
	Endpoint  string // "" means that all files stay in the database
	Bucket    string // a bucket, or a folder in it: acme-parley/files
	Region    string
	KeyID     string
	SecretKey string
}

// readObjects reads and checks the S3 variables.
func readObjects(v *variables) ObjectsEnv {
	o := ObjectsEnv{
		Endpoint:  v.text("S3_ENDPOINT"),
		Bucket:    strings.Trim(v.text("S3_BUCKET"), "/"),
		Region:    v.text("S3_REGION"),
		KeyID:     v.text("S3_ACCESS_KEY_ID"),
		SecretKey: v.text("S3_SECRET_ACCESS_KEY"),
	}
	if o == (ObjectsEnv{}) {
		return o
	}

	for _, needed := range []struct{ name, value, what string }{
		{"S3_ENDPOINT", o.Endpoint, "the address of the object store, like https://s3.eu-central-1.amazonaws.com"},
		{"S3_BUCKET", o.Bucket, "the bucket, like acme-parley, or a folder in it, like acme-parley/files"},
		{"S3_ACCESS_KEY_ID", o.KeyID, "the name of the key that may use the bucket"},
		{"S3_SECRET_ACCESS_KEY", o.SecretKey, "the secret of that key"},
	} {
		if needed.value == "" {
			v.addFault("%s is missing: %s. Set all of S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or none of them",
				needed.name, needed.what)
		}
	}

	if o.Endpoint != "" && !isBareAddress(o.Endpoint) {
		v.addFault("S3_ENDPOINT: write it like https://s3.eu-central-1.amazonaws.com, without the bucket")
	}

	return o
}

// isBareAddress reports whether text is the URL of a web server, without credentials and without a query.
func isBareAddress(text string) bool {
	u, err := url.Parse(text)
	if err != nil || !channels.IsWebAddress(text) {
		return false
	}
	return u.User == nil && u.RawQuery == ""
}

// Connect returns a client for the configured object store; nil if none is configured. It sends no request.
func (o ObjectsEnv) Connect() (*blob.Bucket, error) {
	if o.Endpoint == "" {
		return nil, nil //nolint:nilnil // a missing store isn't an error
	}
	return blob.NewBucket(blob.BucketOptions{
		Endpoint:  o.Endpoint,
		Bucket:    o.Bucket,
		Region:    o.Region,
		KeyID:     o.KeyID,
		SecretKey: o.SecretKey,
	})
}

// open is Connect with the result as an interface: nil, and not an interface around a nil *objects.Bucket, if no object
// store is configured.
func (o ObjectsEnv) open() (blob.Objects, error) {
	bucket, err := o.Connect()
	if bucket == nil || err != nil {
		return nil, err
	}
	return bucket, nil
}
