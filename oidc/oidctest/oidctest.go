// Package oidctest is a service to log in with, for tests: discovery, keys, a page that lets everybody in at once, and
// tokens signed with RSA. What it says of people, and what it gets wrong, is up to the test.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// A Service stands at URL until the test ends.
type Service struct {
	URL, ClientID, ClientSecret string
	// Spoil changes the claims of the next tokens; nil leaves them right. Set it before a login begins.
	Spoil func(claims map[string]any)
	// WrongKey signs with a key that is not published.
	WrongKey bool

	mu     sync.Mutex
	claims map[string]any
	codes  map[string]url.Values // the request for each code that was given; guarded by mu
	key    *rsa.PrivateKey
	other  *rsa.PrivateKey
}

// keys are one that is published and one that is not. To make them takes long: all services of a process share them.
var keys = sync.OnceValues(func() (pair [2]*rsa.PrivateKey, err error) {
	for i := range pair {
		if pair[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return pair, err
		}
	}
	return pair, nil
})

// New starts a service that knows one person by these claims, beside iss, aud, exp, iat and nonce.
func New(t testing.TB, claims map[string]any) *Service {
	t.Helper()
	pair, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{ClientID: "heimdall", ClientSecret: "between us", claims: claims, codes: map[string]url.Values{}, key: pair[0], other: pair[1]}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /keys", s.keys)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // an error means that the caller has gone
}

func (s *Service) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (s *Service) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, 200, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
		"n": encode(s.key.N.Bytes()), "e": encode(big.NewInt(int64(s.key.E)).Bytes()),
	}}})
}

// authorize lets everybody in and sends them back with a code.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != s.ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "this is no request for a code with PKCE", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	s.mu.Lock()
	s.codes[code] = q
	s.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token gives a token for a code, once, to who can prove to have asked for it.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked, ok := s.codes[r.PostFormValue("code")]
	delete(s.codes, r.PostFormValue("code"))
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if secret, err := url.QueryUnescape(secret); err != nil || id != s.ClientID || secret != s.ClientSecret {
		answer(w, 401, map[string]any{"error": "invalid_client"})
		return
	}
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") || asked.Get("code_challenge") != encode(proof[:]) {
		answer(w, 400, map[string]any{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": s.URL, "aud": s.ClientID, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": asked.Get("nonce")}
	for name, value := range s.claims {
		claims[name] = value
	}
	if s.Spoil != nil {
		s.Spoil(claims)
	}
	answer(w, 200, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "id_token": s.sign(claims)})
}

// sign makes a JSON Web Token (RFC 7519) by RS256.
func (s *Service) sign(claims map[string]any) string {
	head, _ := json.Marshal(map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"}) // of texts: cannot fail
	body, _ := json.Marshal(claims)
	text := encode(head) + "." + encode(body)
	key := s.key
	if s.WrongKey {
		key = s.other
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return ""
	}
	return text + "." + encode(signature)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
