package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const clockSkew = 300 * time.Second

// What a signature has to be over (RFC 9421 §2).
var required = []string{"@method", "@authority", "@path", "content-digest"}

// isSigned tells whether the partner signed this request as RFC 9421 says, with HMAC-SHA256, and whether the digest (RFC 9530) is that of the body.
func isSigned(r *http.Request, body, secret []byte) bool {
	sum := sha256.Sum256(body)
	digest := r.Header.Get("Content-Digest")
	if digest != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" {
		return false
	}
	input, ok := strings.CutPrefix(r.Header.Get("Signature-Input"), "sig1=")
	if !ok {
		return false
	}
	given, ok := strings.CutPrefix(r.Header.Get("Signature"), "sig1=:")
	if !ok {
		return false
	}
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(given, ":"))
	if err != nil {
		return false
	}
	list, parameters, ok := strings.Cut(strings.TrimPrefix(input, "("), ")")
	if !ok || !isFresh(parameters) {
		return false
	}
	var base strings.Builder
	covered := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		name = strings.Trim(name, `"`)
		var value string
		switch name {
		case "@method":
			value = r.Method
		case "@authority":
			value = strings.ToLower(r.Host)
		case "@path":
			value = r.URL.EscapedPath()
		case "content-digest":
			value = digest
		default:
			return false
		}
		covered[name] = true
		base.WriteString(`"` + name + `": ` + value + "\n")
	}
	for _, name := range required {
		if !covered[name] {
			return false
		}
	}
	base.WriteString(`"@signature-params": ` + input)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(base.String()))
	return hmac.Equal(mac.Sum(nil), signature)
}

func isFresh(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		if created, ok := strings.CutPrefix(parameter, "created="); ok {
			seconds, err := strconv.ParseInt(created, 10, 64)
			return err == nil && time.Since(time.Unix(seconds, 0)).Abs() <= clockSkew
		}
	}
	return false
}
