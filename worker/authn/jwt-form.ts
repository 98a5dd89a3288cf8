const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether a token could be a signed JWT: asked before it is decoded, for to fail at that is slow. */
export const hasJwtForm = (token: string): boolean => JWT.test(token);
