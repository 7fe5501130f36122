// Stands for `node:http2` in what is built. Nothing speaks HTTP/2 here (`allowH2: false`), and undici, which loads it all the same, goes
// on without where a runtime has none, in these words. Loading it takes 20 ms and 6 MB.

module.exports = { constants: {} };
