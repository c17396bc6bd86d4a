/** Import this first: the media library reads the variable once, and otherwise logs every callback. */
process.env['NODE_ENV'] = 'production';
