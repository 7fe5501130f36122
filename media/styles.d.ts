// Styles are bundled by esbuild; to the compiler their import is only an effect.
declare module "*.css";
