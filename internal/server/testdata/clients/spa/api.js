// An API that takes tokens with the right audience, as the document on audiences has it. It serves on a port that
// it prints.
const express = require('express');
const app = express();

// What the document leaves to the reader: a page of another origin may call.
app.use((req, res, next) => {
  res.set({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'authorization' });
  req.method === 'OPTIONS' ? res.sendStatus(204) : next();
});

const jwt = require('jsonwebtoken');
const jwksClient = require('jwks-rsa');

const client = jwksClient({
  jwksUri: 'http://localhost:8080/realms/myrealm/protocol/openid-connect/certs'
});

function validateToken(token, expectedAudience) {
  return new Promise((resolve, reject) => {
    jwt.verify(token, getKey, {
      audience: expectedAudience,
      issuer: 'http://localhost:8080/realms/myrealm'
    }, (err, decoded) => {
      if (err) {
        reject(err);
      } else {
        resolve(decoded);
      }
    });
  });
}

function getKey(header, callback) {
  client.getSigningKey(header.kid, (err, key) => {
    callback(err, key.publicKey || key.rsaPublicKey);
  });
}

// Middleware
function requireAudience(audience) {
  return async (req, res, next) => {
    const token = req.headers.authorization?.replace('Bearer ', '');

    try {
      const decoded = await validateToken(token, audience);
      req.user = decoded;
      next();
    } catch (err) {
      console.error(err.message);
      res.status(401).json({ error: 'Invalid token' });
    }
  };
}

// Use in route
app.get('/api/data', requireAudience('api-service'), (req, res) => {
  res.json({ data: 'sensitive data' });
});

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
